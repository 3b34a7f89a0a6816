"""A Deployment: interchangeable pods, rolled when their template changes, by Kubernetes' rules.

What follows from maxSurge and maxUnavailable is computed as its deployment controller does; see ``bounds`` and
``roll``. Pods are kept in numbered slots of their template. Of older templates the pods that are there stay as they
are while the rollout needs them; those that are missing are made again, if anybody still knows the template.
"""

from collections import Counter
from collections.abc import Sequence

from agent.model.memory import RolloutRecord
from agent.planner.live import Live
from agent.planner.replicas import surplus
from agent.planner.rollout import deadline
from agent.planner.template import Slot
from agent.planner.workload import Claim, Scope
from agent.planner.workloads.deployment.bounds import Bounds, bounds
from agent.planner.workloads.deployment.departures import departures
from agent.planner.workloads.deployment.pace import Decision, pause, recreate, roll, room
from agent.planner.workloads.deployment.report import Tally, record_of, status_of, too_late
from agent.planner.workloads.deployment.scaling import Sizes
from agent.planner.workloads.deployment.scene import Scene
from agent.planner.workloads.deployment.slots import allowed_slots, final_slots

__all__ = ["Bounds", "bounds", "claim"]


def claim(scope: Scope) -> Claim:
    """Return what a Deployment wants of its pods now."""
    scene = Scene(scope)
    final = final_slots(scene)
    if scene.spec.paused:
        decision = pause(scene)
    elif scene.spec.strategy.type == "Recreate":
        decision = recreate(scene, final)
    else:
        decision = roll(scene, final)
    space = room(scene, final, decision)
    again, made = _made_again(decision, space)
    present = len(scene.present(final))
    now = allowed_slots(scene, final, min(decision.newest, present + max(0, space - made)))
    return _claim(scene, decision, final, now, again)


def _made_again(decision: Decision, space: int) -> tuple[tuple[Slot, ...], int]:
    """Return the slots of older templates that may exist now and have no whole pod, and how many pods that makes."""
    made, again = 0, []
    for place in reversed(decision.stay):
        if place.slot is None or (place.pod is None and made >= space):
            continue
        again.append(place.slot)
        made += place.pod is None
    return tuple(again), made


def _claim(
    scene: Scene, decision: Decision, final: tuple[Slot, ...], now: tuple[Slot, ...], again: tuple[Slot, ...]
) -> Claim:
    excess = surplus(scene.current, now)
    whole = {place.pod.key for place in decision.stay if place.pod is not None and place.slot is None}
    half = tuple(place.pod for place in decision.stay if place.pod is not None and place.slot is not None)
    kept = tuple(pod for pod in scene.old if pod.key in whole)
    current = (*scene.present(now), *half)
    tally, soon = _tally(scene, (*current, *kept), excess, decision)
    record = record_of(scene, _sizes(scene, decision), tally)
    failed = too_late(scene, record)
    return Claim(
        template=scene.template,
        final=(*final, *(place.slot for place in decision.stay if place.slot is not None)),
        now=(*now, *again),
        wanted=scene.spec.replicas,
        current=current,
        kept=kept,
        leaving=departures(scene, excess, [place.pod for place in decision.go if place.pod is not None], tally.updated),
        lost=tuple(scene.lost),
        ready=tally.ready,
        available=tally.available,
        stopped=decision.stopped,
        failed=failed,
        wake_at=min(soon, default=None),
        due_at=None if failed else _deadline(scene, record),
        status=status_of(scene, record, tally),
        rollout=record,
    )


def _tally(
    scene: Scene, staying: Sequence[Live], excess: Sequence[Live], decision: Decision
) -> tuple[Tally, Sequence[float]]:
    """Count pods; tell when those that are ready become available."""
    times = [(pod, at) for pod in staying if (at := scene.available_at(pod)) is not None]
    soon = [at for _, at in times if at > scene.now]
    return Tally(
        replicas=len(staying),
        updated=sum(map(scene.newest, staying)) if scene.old else len(staying),
        ready=len(times),
        available=len(times) - len(soon),
        updated_available=sum(at <= scene.now and scene.newest(pod) for pod, at in times),
        terminating=len(excess) + sum(place.pod is not None for place in decision.go) + len(scene.gone),
    ), soon


def _sizes(scene: Scene, decision: Decision) -> Sizes:
    """Return how many pods of each template there are to be; a template that was never let in has no size."""
    sizes = dict(sorted(Counter(place.generation for place in decision.stay).items()))
    newest = scene.template.hash
    begun = decision.newest or not decision.stopped or (scene.record is not None and newest in scene.record.sizes)
    return {**sizes, newest: decision.newest} if begun else sizes


def _deadline(scene: Scene, record: RolloutRecord) -> float | None:
    return deadline(record, scene.spec.progress_deadline_seconds)
