import heapq
from collections.abc import Mapping, Sequence
from typing import Final

from agent.model.value import Value
from agent.planner.scheduler.demand import Demand
from agent.planner.scheduler.filters import FILLING, LASTING, refusal
from agent.planner.scheduler.room import Room

_NAMED: Final = 4
"""How many hosts a message names for one reason."""

_Rank = tuple[int, bool, int, int, int, str]


class Refused(Value, frozen=True, kw_only=True):
    """No host takes the pod: every host's reason, in the reader's words."""

    why: str


def schedule(
    demand: Demand, count: int, rooms: Sequence[Room], siblings: Mapping[str, int]
) -> tuple[str | Refused, ...]:
    """Choose hosts for ``count`` equal pods, one after another, and count them into their rooms.

    Hosts with a taint that prefers no such pods come last, before them those where a pod that is to go still holds a
    host port; then those with the fewest ``siblings`` (pods of the same owner) come first, then the emptiest, then
    those with the fewest pods, then by name.
    """
    refused: dict[str, str] = {}
    order: list[tuple[_Rank, Room]] = []
    for room in rooms:
        if reason := refusal(LASTING, demand, room):
            refused[room.name] = reason
        else:
            order.append((_rank(demand, room, siblings.get(room.name, 0)), room))
    heapq.heapify(order)
    answers: list[str | Refused] = []
    while len(answers) < count and order:
        rank, room = order[0]
        if reason := refusal(FILLING, demand, room):
            # Rooms only fill up here, so what does not fit now never will.
            refused[room.name] = reason
            heapq.heappop(order)
            continue
        room.take(demand)
        answers.append(room.name)
        heapq.heapreplace(order, (_rank(demand, room, rank[2] + 1), room))
    if len(answers) < count:
        answers += [Refused(why=_explained(demand, refused))] * (count - len(answers))
    return tuple(answers)


def _rank(demand: Demand, room: Room, siblings: int) -> _Rank:
    unwelcome = sum(1 for one in room.taints if one.effect == "PreferNoSchedule" and not demand.tolerates(one))
    waits = any(port.conflicts(ending) for port in demand.ports for ending in room.ports_ending)
    return unwelcome, waits, siblings, -room.emptiness(demand), room.pods_used, room.name


def _explained(demand: Demand, refused: Mapping[str, str]) -> str:
    """Return ``cpu short by 500m on edge-1, edge-2; taint x:NoSchedule on edge-3``."""
    if demand.node_name:
        if demand.node_name not in refused:
            return f"there is no host {demand.node_name}"
        refused = {demand.node_name: refused[demand.node_name]}
    hosts: dict[str, list[str]] = {}
    for name in sorted(refused):
        hosts.setdefault(refused[name], []).append(name)
    return "; ".join(f"{reason} on {_listed(names)}" for reason, names in sorted(hosts.items())) or "there is no host"


def _listed(names: Sequence[str]) -> str:
    rest = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + rest
