"""Where ``trimtab apply`` is, one line a host; and how it ended."""

from collections.abc import Iterator, Sequence

from agent.cli.render.escape import printable
from agent.cli.render.words import counted, ready_pods
from agent.model.duration import format_duration
from agent.model.status import PodStatus
from agent.reconciler.once import Converged
from agent.reconciler.reporting.snapshot import HostState, Snapshot

_SHOWN = 3


def host_lines(snapshot: Snapshot) -> dict[str, str]:
    """Return what each host is doing, by name; equal texts mean that nothing worth telling happened."""
    width = max((len(host.name) for host in snapshot.hosts), default=0)
    pods: dict[str, list[PodStatus]] = {host.name: [] for host in snapshot.hosts}
    for pod in (pod for status in snapshot.fleet.statuses for pod in status.pods if pod.host in pods):
        pods[pod.host].append(pod)
    return {host.name: f"{printable(host.name):{width}}  {_doing(host, pods[host.name])}" for host in snapshot.hosts}


def heading(snapshot: Snapshot) -> str:
    """Return which revision is on its way."""
    revision = snapshot.fleet.in_force or snapshot.source.head
    if revision is None:
        return "reading the source"
    return f"{printable(revision.short)} {printable(revision.subject)}".rstrip()


def ending(result: Converged) -> list[str]:
    """Return how it ended: what is not as declared, and why, a line each; the sum last."""
    return [*_reasons(result), _sum(result)]


def _doing(host: HostState, pods: Sequence[PodStatus]) -> str:
    if not host.seen:
        why = host.reason.removeprefix(f"{host.name}: ")
        return f"unseen: {printable(why)}" if why else "connecting"
    if not host.revision:
        return "connected"
    ready, total = ready_pods(host.wanted, pods)
    count = f"{ready}/{total} ready"
    if host.in_flight:
        flights = [f"{flight.verb} {printable(str(flight.pod))}" for flight in host.in_flight[:_SHOWN]]
        more = len(host.in_flight) - len(flights)
        return f"{count}; {', '.join(flights)}{f' and {more} more' if more else ''}"
    if host.waiting:
        return f"{count}; waits: {printable(host.waiting[0].message)}"
    return count


def _reasons(result: Converged) -> Iterator[str]:
    for reason in result.reasons:
        subject = reason.pod.title if reason.pod else str(reason.object or "")
        where = " on ".join(printable(part) for part in (subject, reason.host) if part)
        yield f"  {where}: {printable(reason.message)}" if where else f"  {printable(reason.message)}"


def _sum(result: Converged) -> str:
    hosts = counted(len(result.snapshot.hosts), "host")
    took = format_duration(result.seconds) if result.seconds >= 10 else f"{result.seconds:.1f}s"
    if result.converged:
        done = sum(host.done for host in result.snapshot.hosts)
        did = counted(done, "change") + " made" if done else "nothing to change"
        return f"Converged in {took}: {heading(result.snapshot)} on {hosts}, {did}"
    return f"Not converged after {took}: {counted(len(result.reasons), 'reason')} above"
