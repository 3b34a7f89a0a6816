"""The order of a plan: what nothing stands before, removals first, then by pod; then what comes after those."""

from collections.abc import Sequence
from graphlib import CycleError, TopologicalSorter

from agent.model.action import Action


def ordered(actions: Sequence[Action]) -> tuple[Action, ...]:
    """Return actions in an order in which they could be done one after another, none before those it comes after."""
    by_id = {action.id: action for action in actions}
    sorter = _sorter(actions)
    sorter.prepare()
    found: list[Action] = []
    while sorter.is_active():
        ready = sorter.get_ready()
        found += sorted((by_id[name] for name in ready), key=lambda one: (one.verb != "remove", one.pod, one.id))
        sorter.done(*ready)
    return tuple(found)


def find_cycle(actions: Sequence[Action]) -> tuple[Action, ...]:
    """Return actions that wait for each other in a ring; empty when there is none."""
    by_id = {action.id: action for action in actions}
    try:
        _sorter(actions).prepare()
    except CycleError as error:
        return tuple(by_id[name] for name in error.args[1][1:])
    return ()


def _sorter(actions: Sequence[Action]) -> TopologicalSorter[str]:
    return TopologicalSorter({action.id: action.after for action in actions})
