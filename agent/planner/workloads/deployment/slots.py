"""Which slots a Deployment wants in the end, and which of them may exist now."""

from agent.planner.replicas import replica_slots
from agent.planner.template import Slot
from agent.planner.workloads.deployment.scene import Scene


def final_slots(scene: Scene) -> tuple[Slot, ...]:
    """Return the slots of the newest template that should exist in the end."""
    return replica_slots(
        scene.template,
        scene.spec.replicas,
        scene.current,
        scene.memory,
        held=scene.held,
        taken=scene.scope.taken,
        beside=scene.beside,
    )


def allowed_slots(scene: Scene, final: tuple[Slot, ...], allowed: int) -> tuple[Slot, ...]:
    """Return the slots that may exist now.

    Those that do come first, and of them those that are available; then those that need not wait for a host port that
    an older pod may hold, so that none takes the room of one that could start.
    """
    if allowed >= len(final):
        return final
    older = {"", *(pod.host for pod in (*scene.old, *scene.gone))} if scene.template.demand.ports else frozenset[str]()

    def worth(slot: Slot) -> tuple[bool, bool, int]:
        if (pod := scene.current.get(slot.index)) is not None:
            return False, not scene.available(pod), slot.index
        return True, scene.memory.placements.get(slot.name, "") in older, slot.index

    return tuple(sorted(sorted(final, key=worth)[:allowed], key=lambda slot: slot.index))
