from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Final

from agent.model.objects.meta import ObjectKey, PodKey
from agent.model.plan import Waiting
from agent.model.status import ObjectStatus
from agent.model.value import Value
from agent.reconciler.reporting.snapshot import FleetState, HostState, Snapshot


class Unconverged(Value, frozen=True, kw_only=True, order=True):
    """One thing that is not as declared, and why."""

    message: str
    host: str = ""
    pod: PodKey | None = None
    object: ObjectKey | None = None


_SAME: Final[Mapping[str, AbstractSet[str]]] = {
    "image-pull": {"ErrImagePull", "ImagePullBackOff"},
    "runtime": {"CrashLoopBackOff", "CreateContainerError", "FailedMount", "PostStartHookError"},
    "unschedulable": {"Unschedulable"},
}
"""What a pod's status calls that for which something waits: its message is the whole one."""
_CRASHED: Final = "CrashLoopBackOff"
"""Of this the host says more: when the next try is, and the last words."""


def reasons(snapshot: Snapshot) -> tuple[Unconverged, ...]:
    """Return everything that keeps a fleet from being converged, each thing once; never empty unless it is."""
    if snapshot.converged:
        return ()
    statuses = [status for status in snapshot.fleet.statuses if not status.settled]
    telling = {pod.key: pod.reason for status in statuses for pod in status.pods if not pod.ready and pod.message}
    objects = {status.key: status.message for status in statuses if status.message}
    found = [*_of_source(snapshot), *_of_fleet(snapshot.fleet)]
    found += (_waits(one) for one in snapshot.fleet.waiting if not _repeats(one, telling, objects))
    for host in snapshot.hosts:
        found.extend(_of_host(host, telling, objects))
    backing_off = {one.pod for host in snapshot.hosts for one in host.waiting if one.reason == "back-off"}
    for status in statuses:
        found.extend(_of_object(status, backing_off))
    return tuple(dict.fromkeys(found)) or (Unconverged(message="the newest state was not confirmed yet"),)


def _repeats(waiting: Waiting, telling: Mapping[PodKey, str], objects: Mapping[ObjectKey, str]) -> bool:
    """Tell whether a pod, an object or a host says by itself what is waited for."""
    if waiting.reason == "unseen":
        return True
    if waiting.pod is not None:
        return telling.get(waiting.pod) in _SAME.get(waiting.reason, ())
    said = objects.get(waiting.object, "") if waiting.object else ""
    return bool(said) and said in waiting.message


def _waits(waiting: Waiting, host: str = "") -> Unconverged:
    return Unconverged(message=waiting.message, host=host or waiting.host, pod=waiting.pod, object=waiting.object)


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


def _of_host(host: HostState, telling: Mapping[PodKey, str], objects: Mapping[ObjectKey, str]) -> Iterator[Unconverged]:
    if not host.seen:
        why = host.reason.removeprefix(f"{host.name}: ")
        yield Unconverged(message=why or "not looked at yet", host=host.name)
        return
    for waiting in host.waiting:
        if not _repeats(waiting, telling, objects):
            yield _waits(waiting, host.name)
    for flight in host.in_flight:
        yield Unconverged(message=f"{flight.verb} is under way", host=host.name, pod=flight.pod)


def _of_object(status: ObjectStatus, backing_off: AbstractSet[PodKey | None]) -> Iterator[Unconverged]:
    if (status.key.kind, status.reason) == ("Host", "HostUnseen"):
        return  # it says so by itself
    unready = [pod for pod in status.pods if not pod.ready]
    for pod in unready:
        if pod.reason == _CRASHED and pod.key in backing_off:
            continue
        why = ": ".join(part for part in (pod.reason or pod.phase, pod.message) if part)
        yield Unconverged(message=why, host=pod.host, pod=pod.key, object=status.key)
    if any(pod.message and pod.message in status.message for pod in unready):
        return
    if status.message or not unready:
        why = ": ".join(part for part in (status.reason or status.phase, status.message) if part)
        yield Unconverged(message=why, object=status.key)
