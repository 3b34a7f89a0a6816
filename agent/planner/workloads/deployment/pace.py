"""How fast a Deployment gets from its old pods to new ones: what may go now, and what may be made."""

from collections.abc import Sequence

from agent.planner.live import Live
from agent.planner.template import Slot
from agent.planner.workloads.deployment.bounds import bounds
from agent.planner.workloads.deployment.scene import Scene

Decision = tuple[Sequence[Live], int, str]
"""Old pods that go, how many new ones may exist once these are gone, and what stops the rollout."""


def roll(scene: Scene, final: Sequence[Slot]) -> Decision:
    """Let old pods go as far as enough stay available, unhealthy ones first; new ones take what room there is."""
    limits, replicas = bounds(scene.spec), scene.spec.replicas
    if not scene.old:
        return (), replicas, ""
    least = replicas - limits.unavailable
    new_available = sum(1 for pod in scene.present(final) if scene.available(pod))
    order = _first_to_go(scene, _awaited(scene, final))
    unhealthy = [pod for pod in order if not scene.available(pod)]
    healthy = [pod for pod in order if scene.available(pod)]
    go = unhealthy[: max(0, len(order) + new_available - least)]
    go += healthy[: max(0, len(healthy) + new_available - least)]
    return go, max(0, min(replicas, replicas + limits.surge - (len(order) - len(go)))), ""


def recreate(scene: Scene, final: Sequence[Slot]) -> Decision:
    """Let all old pods go; new ones start when the last of them is gone."""
    remain = bool(scene.old or scene.gone)
    return scene.old, len(scene.present(final)) if remain else scene.spec.replicas, ""


def pause(scene: Scene, final: Sequence[Slot]) -> Decision:
    """Scale what there is; no template is rolled out. A template that is no longer declared cannot grow."""
    replicas, present = scene.spec.replicas, len(scene.present(final))
    if not scene.old:
        return (), replicas if present else 0, "" if present else "paused before its first pod"
    most = replicas + (bounds(scene.spec).surge if present else 0)
    go = _first_to_go(scene)[: max(0, len(scene.old) + present - most)]
    kept = len(scene.old) - len(go)
    if present:
        return go, max(present, replicas - kept), f"paused with {kept} pods on an older template"
    missing = replicas - kept
    lack = f"; {missing} more cannot be made from it, because it is not declared any more" if missing else ""
    return go, 0, f"paused with {kept} pods on an older template{lack}"


def _awaited(scene: Scene, final: Sequence[Slot]) -> frozenset[str]:
    """Return the hosts where new pods wait, as far as old ones may hold the host ports that they need."""
    if not scene.template.demand.ports:
        return frozenset()
    up = {pod.key for pod in scene.present(final) if scene.ready(pod)}
    return frozenset(scene.memory.placements.get(slot.name, "") for slot in final if slot.key not in up)


def _first_to_go(scene: Scene, awaited: frozenset[str] = frozenset()) -> list[Live]:
    """Sort pods of older templates: oldest template first, in it the unavailable, the not ready, the highest slot.

    Those on ``awaited`` hosts go before all others.
    """
    age: dict[str, float] = {}
    for pod in scene.old:
        age[pod.generation] = min(pod.created_at, age.get(pod.generation, pod.created_at))

    def rank(pod: Live) -> tuple[bool, float, str, bool, bool, int, str]:
        return (
            pod.host not in awaited,
            age[pod.generation],
            pod.generation,
            scene.available(pod),
            scene.ready(pod),
            -pod.slot,
            pod.name,
        )

    return sorted(scene.old, key=rank)


def room(scene: Scene, final: Sequence[Slot], go: Sequence[Live]) -> int:
    """Return how many pods of the newest template may exist beside all others that still do.

    A pod that goes counts until it is seen to be gone. On an unseen host nobody would see it go, and a rollout does not
    wait for a host that is lost. What is there already may stay although there is no room for more.
    """
    most, present = scene.spec.replicas + bounds(scene.spec).surge, len(scene.present(final))
    if not scene.old and not scene.gone and present == len(scene.current):
        return most
    wanted, going = {slot.index for slot in final}, {pod.key for pod in go}
    surplus = (pod for index, pod in scene.current.items() if index not in wanted)
    leaving = sum(1 for pod in (*go, *scene.gone, *surplus) if pod.seen)
    kept = sum(1 for pod in scene.old if pod.key not in going)
    return max(present, most - kept - leaving)
