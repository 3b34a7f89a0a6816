"""The order of a plan: what frees something first, then by pod; ``after`` says what must really wait."""

from collections.abc import Iterable, Sequence
from graphlib import CycleError, TopologicalSorter

from agent.model.action import Action


def ordered(actions: Iterable[Action]) -> tuple[Action, ...]:
    """Return actions as they are shown and started."""
    return tuple(sorted(actions, key=lambda action: (action.verb != "remove", action.pod, action.id)))


def find_cycle(actions: Sequence[Action]) -> tuple[Action, ...]:
    """Return actions that wait for each other in a ring; empty when there is none."""
    by_id = {action.id: action for action in actions}
    try:
        TopologicalSorter({action.id: action.after for action in actions}).prepare()
    except CycleError as error:
        return tuple(by_id[name] for name in error.args[1][1:])
    return ()
