"""Which slots a Deployment wants in the end, and which of them may exist now."""

from agent.planner.naming import placed_slots
from agent.planner.template import Slot, first_slots
from agent.planner.workloads.deployment.scene import Scene


def final_slots(scene: Scene, taken: frozenset[str]) -> tuple[Slot, ...]:
    """Return the slots that should exist in the end: those that exist or have a place stay, the lowest free fill up.

    When there are too many, those that were never placed go first, then the unavailable, then the highest.
    """
    template, replicas = scene.template, scene.spec.replicas
    key = f"{template.declared.key.namespace}/{template.set}"
    placed = placed_slots(scene.memory).get(key, ())
    known = {*scene.current, *placed}
    if not taken and all(index < replicas for index in known):
        return first_slots(template, replicas)

    def worth(index: int) -> tuple[bool, bool, bool, int]:
        pod = scene.current.get(index)
        return (
            index not in placed,
            pod is None or not scene.available(pod),
            pod is None or not scene.ready(pod),
            index,
        )

    free = {index for index in known if template.slot(index).name not in taken}
    chosen = sorted(free, key=worth)[:replicas]
    index = 0
    while len(chosen) < replicas:
        if index not in free and template.slot(index).name not in taken:
            chosen.append(index)
        index += 1
    return tuple(template.slot(index) for index in sorted(chosen))


def allowed_slots(scene: Scene, final: tuple[Slot, ...], allowed: int) -> tuple[Slot, ...]:
    """Return the slots that may exist now.

    Those that do come first, and of them those that are available; then those that need not wait for a host port that
    an older pod may hold, so that none takes the room of one that could start. A slot whose pod was sent away is free
    once that one is gone.
    """
    if scene.vacating:
        final = tuple(slot for slot in final if slot.index not in scene.vacating)
    if allowed >= len(final):
        return final
    older = {"", *(pod.host for pod in (*scene.old, *scene.gone))} if scene.template.demand.ports else frozenset[str]()

    def worth(slot: Slot) -> tuple[bool, bool, int]:
        if (pod := scene.current.get(slot.index)) is not None:
            return False, not scene.available(pod), slot.index
        return True, scene.memory.placements.get(slot.name, "") in older, slot.index

    return tuple(sorted(sorted(final, key=worth)[:allowed], key=lambda slot: slot.index))
