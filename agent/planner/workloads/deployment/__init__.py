"""A Deployment: a number of interchangeable pods, rolled from template to template within bounds.

The rules are those of Kubernetes' deployment controller, decided from what is seen in one go instead of in steps:
what may go of the old pods first, then what room that leaves for new ones. On purpose stricter than there: a pod that
goes takes up its room until it is gone, because it runs until then.
"""

from collections.abc import Sequence

from agent.planner.live import Live
from agent.planner.template import Slot
from agent.planner.workload import Claim, Scope
from agent.planner.workloads.deployment.bounds import Bounds, bounds
from agent.planner.workloads.deployment.departures import departures
from agent.planner.workloads.deployment.pace import pause, recreate, roll, room
from agent.planner.workloads.deployment.scene import Scene
from agent.planner.workloads.deployment.slots import allowed_slots, final_slots

__all__ = ["Bounds", "bounds", "claim"]


def claim(scope: Scope) -> Claim:
    """Return what a Deployment wants of its pods now."""
    scene = Scene(scope)
    final = final_slots(scene, scope.taken)
    if scene.spec.paused:
        go, allowed, stopped = pause(scene, final)
    elif scene.spec.strategy.type == "Recreate":
        go, allowed, stopped = recreate(scene, final)
    else:
        go, allowed, stopped = roll(scene, final)
    now_allowed = allowed_slots(scene, final, min(allowed, room(scene, final, go)))
    return _claim(scene, final, now_allowed, go, stopped)


def _claim(scene: Scene, final: tuple[Slot, ...], now: tuple[Slot, ...], go: Sequence[Live], stopped: str) -> Claim:
    wanted = {slot.index for slot in now}
    there = sorted(scene.current.items())
    current = tuple(pod for index, pod in there if index in wanted)
    surplus = [pod for index, pod in there if index not in wanted] if len(current) < len(there) else []
    going = {pod.key for pod in go}
    kept = tuple(pod for pod in scene.old if pod.key not in going)
    counted = (*current, *kept)
    times = [at for pod in counted if (at := scene.available_at(pod)) is not None]
    soon = [at for at in times if at > scene.now]
    return Claim(
        template=scene.template,
        final=final,
        now=now,
        current=current,
        kept=kept,
        leaving=departures(scene, surplus, go, len(current)),
        lost=tuple(scene.lost),
        ready=len(times),
        available=len(times) - len(soon),
        stopped=stopped,
        wake_at=min(soon, default=None),
    )
