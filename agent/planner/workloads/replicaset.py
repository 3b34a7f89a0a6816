"""A ReplicaSet: a number of interchangeable pods. Those of an older template stay; new ones are of the newest.

Which pods are its own, the owner annotation says: it never adopts others that its selector matches.
"""

from collections.abc import Iterator, Sequence
from typing import Final, cast

from agent.model.kindstatus import ReplicaSetStatus
from agent.model.memory import RolloutRecord
from agent.model.objects.replicaset import ReplicaSetSpec
from agent.planner.live import Live
from agent.planner.ranking import first_to_go, siblings
from agent.planner.replicas import replica_slots
from agent.planner.template import Slot
from agent.planner.workload import Claim, Departure, Scope

_STUCK: Final = "lacks containers, and what they were to read has changed since: another is made"
_BACK: Final = "one too many, since a host is back whose pods others took the place of"


def claim(scope: Scope) -> Claim:
    """Return what a ReplicaSet wants of its pods now."""
    template, leaving = scope.template, scope.memory.leaving
    spec = cast("ReplicaSetSpec", template.declared.body.spec)
    replicas = spec.replicas if scope.replicas is None else scope.replicas
    gone = [pod for pod in scope.live if pod.name in leaving]
    lost = tuple(pod for pod in scope.live if pod.lost and pod.name not in leaving)
    active = [pod for pod in scope.live if not pod.lost and pod.name not in leaving]
    beside = siblings(active)
    stuck = [pod for pod in active if _stuck(scope, pod)]
    rest = [pod for pod in active if pod not in stuck] if stuck else active
    excess = [*first_to_go(rest, beside)[: max(0, len(rest) - replicas)], *stuck]
    going = {pod.key for pod in excess}
    staying = [pod for pod in active if pod.key not in going]
    newest = {pod.slot: pod for pod in staying if _newest(scope, pod)}
    older = [pod for pod in staying if not _newest(scope, pod)]
    held = frozenset(pod.slot for pod in (*gone, *lost, *excess) if _newest(scope, pod))
    slots = replica_slots(
        template, replicas - len(older), newest, scope.memory, held=held, taken=scope.taken, beside=beside
    )
    places = [_place(scope, pod) for pod in older]
    half = [(pod, place) for pod, place in zip(older, places, strict=True) if _half(pod, place)]
    unfinished = {pod.key for pod, _ in half}
    status, soon = _status(scope, spec, staying, terminating=len(excess) + len(gone))
    return Claim(
        template=template,
        final=(*slots, *places),
        now=(*slots, *(place for _, place in half)),
        wanted=replicas,
        current=(*(newest[slot.index] for slot in slots if slot.index in newest), *(pod for pod, _ in half)),
        kept=tuple(pod for pod in older if pod.key not in unfinished),
        leaving=(*_departures(scope, excess[: len(excess) - len(stuck)], gone, replicas), *map(_replaced, stuck)),
        lost=lost,
        ready=status.ready_replicas,
        available=status.available_replicas,
        holding=True,
        wake_at=min(soon, default=None),
        status=status,
        rollout=_record(scope),
    )


def _status(
    scope: Scope, spec: ReplicaSetSpec, staying: Sequence[Live], *, terminating: int
) -> tuple[ReplicaSetStatus, Sequence[float]]:
    """Return the status as Kubernetes writes it, and when pods that are ready become available."""
    times = [at for pod in staying if (at := _available_at(scope, spec, pod)) is not None]
    soon = [at for at in times if at > scope.now]
    return ReplicaSetStatus(
        replicas=len(staying),
        fully_labeled_replicas=sum(_labeled(scope, pod) for pod in staying),
        ready_replicas=len(times),
        available_replicas=len(times) - len(soon),
        terminating_replicas=terminating,
    ), soon


def _record(scope: Scope) -> RolloutRecord:
    """Return a record that remembers older templates, for pods that were not finished when theirs changed."""
    known = scope.rollout
    return known if known is not None and known.hash == scope.template.hash else RolloutRecord(hash=scope.template.hash)


def _newest(scope: Scope, pod: Live) -> bool:
    return pod.generation == scope.template.hash and pod.set == scope.template.set


def _place(scope: Scope, pod: Live) -> Slot:
    return Slot(key=pod.key, name=pod.name, index=pod.slot, template=scope.earlier.get(pod.generation))


def _stuck(scope: Scope, pod: Live) -> bool:
    """Tell whether a pod lacks containers that would not be as its template says if they were made now."""
    older = scope.earlier.get(pod.generation)
    return older is not None and older.again is not None and pod.lacks(older.names)


def _half(pod: Live, place: Slot) -> bool:
    """Tell whether a pod of an older template lacks containers that can be made."""
    return place.template is not None and pod.lacks(place.template.names)


def _labeled(scope: Scope, pod: Live) -> bool:
    return pod.observed is None or scope.template.labels.items() <= pod.observed.labels.items()


def _available_at(scope: Scope, spec: ReplicaSetSpec, pod: Live) -> float | None:
    since = pod.ready_since(scope.template.names if _newest(scope, pod) else None)
    if since is None:
        return None
    return since + spec.min_ready_seconds if spec.min_ready_seconds else min(since, scope.now)


def _departures(scope: Scope, excess: Sequence[Live], gone: Sequence[Live], replicas: int) -> Iterator[Departure]:
    back = sum(not pod.lost and pod.name in scope.memory.lost for pod in scope.live)
    for pod in excess[:back]:
        yield Departure(pod=pod, reason="surplus", path="spec.replicas", summary=_BACK)
    for pod in (*excess[back:], *gone):
        yield Departure(pod=pod, reason="scaled-down", path="spec.replicas", summary=f"scaled down to {replicas}")


def _replaced(pod: Live) -> Departure:
    return Departure(pod=pod, reason="replaced", path="spec.template", summary=_STUCK)
