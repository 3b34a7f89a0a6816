"""How fast a Deployment gets from its old pods to new ones: what may go now, and what may be made."""

from collections.abc import Sequence
from typing import NamedTuple

from agent.planner.template import Slot
from agent.planner.workloads.deployment.places import Place, old_places
from agent.planner.workloads.deployment.scaling import sizes_of
from agent.planner.workloads.deployment.scene import Scene


class Decision(NamedTuple):
    """Places of older templates that go and that stay, how many pods of the newest there are to be, what stops it."""

    go: Sequence[Place]
    stay: Sequence[Place]
    newest: int
    stopped: str = ""


def roll(scene: Scene, final: Sequence[Slot]) -> Decision:
    """Let old pods go as far as enough stay available, unhealthy ones first; new ones take what room there is."""
    replicas = scene.spec.replicas
    if not scene.older:
        return Decision((), (), replicas)
    places = old_places(scene, sizes_of(scene), _awaited(scene, final))
    available = sum(1 for pod in scene.present(final) if scene.available(pod))
    over = [place for place in places if place.surplus and not scene.available(place.pod)]
    rest = [place for place in places if not (place.surplus and not scene.available(place.pod))]
    unhealthy = [place for place in rest if not scene.available(place.pod)]
    healthy = [place for place in rest if scene.available(place.pod)]
    go = over + unhealthy[: max(0, len(rest) + available - scene.least)]
    go += healthy[: max(0, len(healthy) + available - scene.least)]
    stay = _without(places, go)
    return Decision(go, stay, max(0, min(replicas, scene.most - len(stay))))


def recreate(scene: Scene, final: Sequence[Slot]) -> Decision:
    """Let all old pods go; new ones start when the last of them is gone."""
    places = [Place(pod.generation, pod) for pod in scene.old]
    remain = bool(places) or any(not pod.lost for pod in scene.gone)
    return Decision(places, (), len(scene.present(final)) if remain else scene.spec.replicas)


def pause(scene: Scene) -> Decision:
    """Scale what there is; no template is rolled out. Of a template that nobody knows any more no pod is made."""
    replicas, newest = scene.spec.replicas, scene.template.hash
    sizes = sizes_of(scene)
    if not scene.older:
        begun = scene.current or scene.renewed or (scene.record is not None and newest in scene.record.sizes)
        return Decision((), (), replicas if begun else 0, "" if begun else "paused before its first pod")
    places = old_places(scene, sizes)
    go = [place for place in places if place.surplus]
    stay = _without(places, go)
    if not sizes[newest]:
        lack = replicas - len(stay)
        why = f"; {lack} more cannot be made from it, because it is not known any more" if lack > 0 else ""
        return Decision(go, stay, 0, f"paused with {len(stay)} pods on an older template{why}")
    wanted = max(sizes[newest], replicas - len(stay))
    return Decision(go, stay, min(replicas, wanted), f"paused with {len(stay)} pods on an older template")


def _awaited(scene: Scene, final: Sequence[Slot]) -> frozenset[str]:
    """Return the hosts where new pods wait, as far as old ones may hold the host ports that they need."""
    if not scene.template.demand.ports:
        return frozenset()
    up = {pod.key for pod in scene.present(final) if scene.ready(pod)}
    return frozenset(scene.memory.placements.get(slot.name, "") for slot in final if slot.key not in up)


def _without(places: Sequence[Place], go: Sequence[Place]) -> Sequence[Place]:
    going = set(map(id, go))
    return [place for place in places if id(place) not in going]


def room(scene: Scene, final: Sequence[Slot], decision: Decision) -> int:
    """Return how many pods may be made beside all that still exist.

    A pod that goes counts until it is seen to be gone. On an unseen host nobody would see it go, and a rollout does not
    wait for a host that is lost.
    """
    present = len(scene.present(final))
    if not scene.older and not scene.gone and present == len(scene.current):
        return scene.most - present
    wanted = {slot.index for slot in final}
    excess = (pod for index, pod in scene.current.items() if index not in wanted)
    going = (*scene.gone, *excess, *(place.pod for place in decision.go if place.pod is not None))
    kept = sum(place.pod is not None for place in decision.stay)
    return max(0, scene.most - present - kept - sum(pod.seen for pod in going))
