import heapq
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Final, NamedTuple

from agent.model.objects.pod import NodeAffinity
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


def _anywhere(_host: str) -> str:
    return ""


class Scheduler:
    """Places pods one after another, each counted into its room before the next is placed."""

    def __init__(self, rooms: Sequence[Room]) -> None:
        self._rooms = rooms
        self._suited: dict[Hashable, _Suited] = {}

    def place(
        self, demand: Demand, count: int, siblings: Mapping[str, int], *, suits: Callable[[str], str] = _anywhere
    ) -> tuple[str | Refused, ...]:
        """Choose hosts for ``count`` equal pods; ``suits`` returns what else is against a host, by its name.

        Hosts with a taint that prefers no such pods come last, before them those where a pod that is to go still
        holds a host port; then those with the fewest ``siblings`` (pods of the same owner) come first, then the
        emptiest, then those with the fewest pods, then by name.
        """
        suited = self._suited_for(demand)
        refused = dict(suited.refused)
        order = [(_rank(demand, room, unwelcome, siblings.get(room.name, 0)), room) for unwelcome, room in suited.rooms]
        heapq.heapify(order)
        answers: list[str | Refused] = []
        while len(answers) < count and order:
            rank, room = order[0]
            if reason := refusal(FILLING, demand, room) or suits(room.name):
                # Rooms only fill up here, so what does not fit now never will.
                refused[room.name] = reason
                heapq.heappop(order)
                continue
            room.take(demand)
            answers.append(room.name)
            heapq.heapreplace(order, (_rank(demand, room, rank[0], rank[2] + 1), room))
        if len(answers) < count:
            answers += [Refused(why=_explained(demand, refused))] * (count - len(answers))
        return tuple(answers)

    def _suited_for(self, demand: Demand) -> "_Suited":
        """Return the rooms that suit a pod whatever else is there; pods with equal wishes share the answer."""
        selector = tuple(sorted(demand.node_selector.items()))
        wishes = (demand.node_name, selector, demand.tolerations, demand.handler, _node_affinity(demand))
        if wishes not in self._suited:
            refused, rooms = {}, []
            for room in self._rooms:
                if reason := refusal(LASTING, demand, room):
                    refused[room.name] = reason
                else:
                    avoids = (one for one in room.taints if one.effect == "PreferNoSchedule")
                    rooms.append((sum(not demand.tolerates(one) for one in avoids), room))
            self._suited[wishes] = _Suited(rooms, refused)
        return self._suited[wishes]


def _node_affinity(demand: Demand) -> NodeAffinity | None:
    return demand.affinity.node_affinity if demand.affinity is not None else None


class _Suited(NamedTuple):
    """Rooms with how many of their taints would rather not have the pod, and why the other rooms refuse it."""

    rooms: Sequence[tuple[int, Room]]
    refused: Mapping[str, str]


def _rank(demand: Demand, room: Room, unwelcome: int, siblings: int) -> _Rank:
    waits = bool(demand.ports) and any(port.conflicts(other) for port in demand.ports for other in room.ports_ending)
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
