from collections.abc import Iterator

from agent.model.objects.meta import ObjectKey, PodKey
from agent.model.status import ObjectStatus
from agent.model.value import Value
from agent.reconciler.snapshot import FleetState, HostState, Snapshot


class Unconverged(Value, frozen=True, kw_only=True, order=True):
    """One thing that is not as declared, and why."""

    message: str
    host: str = ""
    pod: PodKey | None = None
    object: ObjectKey | None = None


def reasons(snapshot: Snapshot) -> tuple[Unconverged, ...]:
    """Return everything that keeps a fleet from being converged; never empty unless it is."""
    if snapshot.converged:
        return ()
    found = [*_of_source(snapshot), *_of_fleet(snapshot.fleet)]
    for host in snapshot.hosts:
        found.extend(_of_host(host))
    for status in snapshot.fleet.statuses:
        found.extend(_of_object(status))
    return tuple(dict.fromkeys(found)) or (Unconverged(message="the newest state was not confirmed yet"),)


def _of_source(snapshot: Snapshot) -> Iterator[Unconverged]:
    source = snapshot.source
    if source.error:
        yield Unconverged(message=f"source: {source.error}")
    elif source.head is None:
        yield Unconverged(message="the source was not read yet")


def _of_fleet(fleet: FleetState) -> Iterator[Unconverged]:
    for problem in fleet.refused_why:
        yield Unconverged(message=f"revision {fleet.refused[:12]} is refused: {problem}")
    if fleet.held:
        yield Unconverged(message=f"revision {fleet.held[:12]} is held: {fleet.held_why}")
    if fleet.message:
        yield Unconverged(message=fleet.message)
    for waiting in fleet.waiting:
        yield Unconverged(message=waiting.message, host=waiting.host, pod=waiting.pod, object=waiting.object)


def _of_host(host: HostState) -> Iterator[Unconverged]:
    if not host.seen:
        yield Unconverged(message=host.reason or "not looked at yet", host=host.name)
        return
    for waiting in host.waiting:
        yield Unconverged(message=waiting.message, host=host.name, pod=waiting.pod, object=waiting.object)
    for flight in host.in_flight:
        yield Unconverged(message=f"{flight.verb} is under way", host=host.name, pod=flight.pod)


def _of_object(status: ObjectStatus) -> Iterator[Unconverged]:
    if status.settled:
        return
    unready = [pod for pod in status.pods if not pod.ready]
    for pod in unready:
        why = ": ".join(part for part in (pod.reason or pod.phase, pod.message) if part)
        yield Unconverged(message=why, host=pod.host, pod=pod.key, object=status.key)
    if status.message or not unready:
        why = ": ".join(part for part in (status.reason or status.phase, status.message) if part)
        yield Unconverged(message=why, object=status.key)
