"""Where pods of older templates are, or are to be made again while a rollout needs them still."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from agent.planner.live import Live
from agent.planner.ranking import rank
from agent.planner.replicas import replica_slots, surplus
from agent.planner.template import Slot
from agent.planner.workloads.deployment.scaling import Sizes
from agent.planner.workloads.deployment.scene import Older, Scene


class Place(NamedTuple):
    """A place for a pod of an older template: the pod in it, or the slot in which it is to be made, or finished."""

    generation: str
    pod: Live | None
    slot: Slot | None = None
    surplus: bool = False
    """More than there are to be of its template."""


def old_places(scene: Scene, sizes: Sizes, awaited: frozenset[str] = frozenset()) -> Sequence[Place]:
    """Return the places of older templates in the order in which a rollout takes them away.

    First those on ``awaited`` hosts, and those that are too many; then the oldest template's. Of one template the empty
    ones go first, then pods in the order of Kubernetes' ReplicaSet.
    """
    places = []
    for older in scene.older:
        size = sizes.get(older.generation, older.size)
        found = sorted(_places(scene, older, size), key=lambda place: _order(scene, place))
        over = len(found) - size
        places += [place._replace(surplus=number < over) for number, place in enumerate(found)]
    return sorted(places, key=lambda one: not ((one.pod is not None and one.pod.host in awaited) or one.surplus))


def _order(scene: Scene, place: Place) -> tuple[object, ...]:
    if place.pod is None:
        return False, place.slot.index if place.slot else 0
    return True, *rank(place.pod, scene.beside)


def _places(scene: Scene, older: Older, size: int) -> Iterator[Place]:
    generation, template = older.generation, older.template
    if template is None or len(older.pods) > size:
        yield from (Place(generation, pod, None) for pod in older.pods)
        return
    there = {pod.slot: pod for pod in older.pods}
    slots = replica_slots(template, size, there, scene.memory, held=older.held)
    for slot in slots:
        pod, made = there.get(slot.index), replace(slot, template=template)
        half = pod is not None and pod.lacks(template.names)
        yield Place(generation, pod, made if pod is None or half else None)
    yield from (Place(generation, pod, None) for pod in surplus(there, slots))
