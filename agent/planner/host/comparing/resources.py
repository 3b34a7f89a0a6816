"""Limits that differ, in the quantities of the manifest."""

from collections.abc import Iterator

from agent.model.cri import LinuxResources
from agent.model.difference import Difference
from agent.model.objects.pod import Container
from agent.planner.host import texts
from agent.planner.host.comparing.alike import hugepages
from agent.planner.host.rendering.qos import qos_of_score


def resources(
    path: str, live: LinuxResources | None, desired: LinuxResources, written: Container | None
) -> Iterator[Difference]:
    """Yield the limits and requests that differ; what the host has beside what is written."""
    old = live or LinuxResources(cpu_shares=2, oom_score_adj=desired.oom_score_adj)
    limits = written.resources.limits if written else {}
    requests = written.resources.requests if written else {}
    for name, before, after, show, text in (
        ("limits.cpu", old.cpu_quota, desired.cpu_quota, _quota, limits.get("cpu")),
        ("limits.memory", old.memory_limit_in_bytes, desired.memory_limit_in_bytes, _memory, limits.get("memory")),
        ("requests.cpu", old.cpu_shares, desired.cpu_shares, _request, requests.get("cpu", limits.get("cpu"))),
    ):
        if before != after:
            wanted = show(after)
            asked = None if wanted is None else str(text or wanted)
            yield Difference(path=f"{path}.resources.{name}", live=show(before), desired=asked)
    had, wants = hugepages(old), hugepages(desired)
    for size in sorted(had.keys() | wants.keys()):
        if had.get(size) != wants.get(size):
            name = f"{path}.resources.limits.hugepages-{size.removesuffix('B')}i"
            yield Difference(path=name, live=_memory(had.get(size, 0)), desired=_memory(wants.get(size, 0)))
    if qos_of_score(old.oom_score_adj) != qos_of_score(desired.oom_score_adj):
        yield Difference(
            path=f"{path}.resources.requests.memory",
            live=f"(oom_score_adj {old.oom_score_adj})",
            desired=f"{requests.get('memory', limits.get('memory', 'none'))} (oom_score_adj {desired.oom_score_adj})",
        )


def _quota(quota: int) -> str | None:
    return f"{quota / 100:g}m" if quota > 0 else None


def _memory(count: int) -> str | None:
    return texts.shown_bytes(count) if count > 0 else None


def _request(shares: int) -> str | None:
    return f"{-(-shares * 1000 // 1024)}m" if shares > 2 else None
