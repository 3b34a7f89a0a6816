from collections.abc import Mapping
from typing import Final

from agent.cli.render.get.columns import NAME, Column, Entry, body
from agent.cli.render.words import ready_pods
from agent.model.duration import format_duration
from agent.model.objects.host import Host


def _status(entry: Entry, _now: float) -> str:
    if entry.host is None:
        return "Unknown"
    word = "Ready" if entry.host.seen else "Refused" if entry.host.refused else "Unseen"
    spec = entry.body.spec if isinstance(entry.body, Host) else None
    closed = ",SchedulingDisabled" if spec is not None and (spec.unschedulable or spec.drain) else ""
    short = "".join(f",{one.type}" for one in entry.host.conditions if one.type != "Ready" and one.status == "True")
    return word + short + closed + (",Draining" if spec is not None and spec.drain else "")


def _pods(entry: Entry, _now: float) -> str:
    ready, pods = ready_pods(entry.host.wanted if entry.host else 0, entry.host_pods)
    return f"{ready}/{pods}"


def _version(entry: Entry, _now: float) -> str:
    return entry.host.facts.version if entry.host and entry.host.facts else ""


def _age(entry: Entry, now: float) -> str:
    return format_duration(now - entry.host.since) if entry.host and entry.host.seen and entry.host.since else ""


COLUMNS: Final[Mapping[str, tuple[Column, ...]]] = {
    "Host": (
        NAME,
        Column(title="STATUS", cell=_status),
        Column(title="PODS", cell=_pods),
        Column(title="CONTAINERD", cell=_version),
        Column(title="AGE", cell=_age),
        Column(
            title="ADDRESS",
            cell=body(Host, lambda host: host.spec.ssh.address if host.spec.ssh else "local"),
            wide=True,
        ),
        Column(title="MESSAGE", cell=lambda entry, _now: entry.host.reason if entry.host else "", wide=True),
    ),
}
