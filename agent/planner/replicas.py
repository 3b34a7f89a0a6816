"""A number of interchangeable pods of one template: which stay, and which slots the missing ones get."""

from collections import Counter
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import chain
from itertools import count as naturals

from agent.model.memory import Memory
from agent.planner.live import Live
from agent.planner.naming import placed_slots
from agent.planner.ranking import first_to_go
from agent.planner.template import Slot, Template, first_slots


def replica_slots(
    template: Template,
    count: int,
    there: Mapping[int, Live],
    memory: Memory,
    *,
    held: AbstractSet[int] = frozenset(),
    taken: AbstractSet[str] = frozenset(),
    beside: Counter[str] | None = None,
) -> tuple[Slot, ...]:
    """Return the slots of ``count`` pods: those of pods that are there, then those that have a place, then new ones.

    No slot in ``held`` is used: a pod that goes, or that was lost and may run still, has its name. Nor is one that a
    Pod has ``taken`` for itself. Of too many pods that are ``there`` the last in Kubernetes' order stay; ``beside``
    counts pods by host.
    """
    placed = placed_slots(memory).get(f"{template.declared.key.namespace}/{template.set}", ())
    known = {*there, *placed}
    if not taken and not held and all(index < count for index in known):
        return first_slots(template, count)
    chosen = _staying(template, count, there, taken, beside)
    free = (index for index in chain(placed, naturals()) if index not in chosen and index not in held)
    while len(chosen) < count:
        index = next(free)
        if template.slot(index).name not in taken:
            chosen.add(index)
    return tuple(template.slot(index) for index in sorted(chosen))


def _staying(
    template: Template,
    count: int,
    there: Mapping[int, Live],
    taken: AbstractSet[str],
    beside: Counter[str] | None,
) -> set[int]:
    named = [pod for index, pod in there.items() if template.slot(index).name not in taken]
    if len(named) <= count:
        return {pod.slot for pod in named}
    return {pod.slot for pod in first_to_go(named, beside or Counter())[len(named) - count :]}


def surplus(there: Mapping[int, Live], slots: Sequence[Slot]) -> list[Live]:
    """Return the pods that are in none of some slots."""
    wanted = {slot.index for slot in slots}
    return [pod for index, pod in sorted(there.items()) if index not in wanted]
