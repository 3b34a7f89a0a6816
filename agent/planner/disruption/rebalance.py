"""The few moves of pods that help most: what is where it should not be any more, and hosts that carry too much.

Placement is sticky: nothing moves by itself when a host comes back or is added, or when labels change. This says what
a person might want to have moved; budgets decide how fast.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Final, NamedTuple

from msgspec.structs import replace

from agent.model.desired import DesiredPod
from agent.model.objects.host import Host
from agent.model.objects.meta import Declared, ObjectKey, PodKey
from agent.model.objects.pod import Toleration
from agent.model.observation import Seen
from agent.model.plan import FleetInput, FleetPlan
from agent.planner.pods import observed_pods
from agent.planner.scheduler import Company, Demand, Room, Scheduler, demand_of

_MOVABLE: Final = frozenset({"Deployment", "Pod", "ReplicaSet", "StatefulSet"})
"""Kinds whose pods may be anywhere, and are taken up again elsewhere as they were."""
_WORTH: Final = 0.05
"""By how much of a host a move has to bring two hosts closer, to be worth it."""
_BEARS_ALL: Final = (Toleration(operator="Exists"),)
"""As in Kubernetes, what repels new pods is no reason for one that is there already to go."""


class Move(NamedTuple):
    """One pod that would be better off on another host."""

    pod: PodKey
    owner: ObjectKey
    host: str
    target: str
    why: str


class _Seat(NamedTuple):
    pod: DesiredPod
    demand: Demand
    host: str


def rebalance(given: FleetInput, plan: FleetPlan, *, most: int = 10) -> tuple[Move, ...]:
    """Return the moves that help, the most needed first. ``plan`` is what the fleet is held to now."""
    board = _Board(given, plan)
    moves: list[Move] = []
    for seat in board.movable:
        if len(moves) < most and (move := board.put_right(seat)) is not None:
            moves.append(move)
    moved = {move.pod for move in moves}
    while len(moves) < most and (move := board.relieve(moved)) is not None:
        moves.append(move)
        moved.add(move.pod)
    return tuple(moves)


class _Board:
    """All pods on their hosts, as they would be after the moves so far."""

    def __init__(self, given: FleetInput, plan: FleetPlan) -> None:
        objects = given.fleet.objects
        hosts = {
            key.name: Declared(key=one.key, body=one.body, origin=one.origin)
            for key, one in objects.items()
            if isinstance(one.body, Host)
        }
        self._rooms = {name: Room(hosts[name], given.observations[name]) for name in sorted(hosts)}
        namespaces = {key.name: one.body.metadata.labels for key, one in objects.items() if key.kind == "Namespace"}
        self._packing = frozenset(name for name, how in given.profiles.items() if how == "MostAllocated")
        demands: dict[tuple[ObjectKey, int], Demand] = {}
        seats = [
            _Seat(pod, _demand(pod, demands), host) for host in sorted(plan.desired) for pod in plan.desired[host].pods
        ]
        company = Company(namespaces) if any(seat.demand.social for seat in seats) else None
        self._scheduler = Scheduler(list(self._rooms.values()), company)
        self._siblings: dict[ObjectKey, Counter[str]] = {}
        for seat in seats:
            self._scheduler.take(seat.demand, seat.host)
            self._siblings.setdefault(seat.pod.owner, Counter())[seat.host] += 1
        there = {name: _there(given, name) for name in hosts}
        self.movable = [seat for seat in seats if seat.pod.key in there[seat.host] and _may_move(seat.pod)]

    def put_right(self, seat: _Seat) -> Move | None:
        """Move a pod that would not be put where it is today, if there is a host where it would."""
        self._scheduler.give(seat.demand, seat.host)
        bearing = replace(seat.demand, tolerations=_BEARS_ALL)
        [answer] = self._scheduler.pin(bearing, [seat.host])
        if isinstance(answer, str):
            self._scheduler.give(bearing, seat.host)
            self._scheduler.take(seat.demand, seat.host)
            return None
        return self._move(seat, answer.why)

    def relieve(self, moved: set[PodKey]) -> Move | None:
        """Move a pod off the host that carries most, where that brings it and another host closer together."""
        room = max(self._rooms.values(), key=lambda one: (one.share, one.name))
        before = room.share
        for seat in self.movable:
            packed = seat.pod.spec.scheduler_name in self._packing
            if seat.host != room.name or seat.pod.key in moved or packed:
                continue
            self._scheduler.give(seat.demand, seat.host)
            why = f"{room.name} carries {before:.0%}"
            move = self._move(seat, why, less_than=before - _WORTH)
            if move is not None:
                return move
        return None

    def _move(self, seat: _Seat, why: str, *, less_than: float | None = None) -> Move | None:
        """Give a pod that was taken off its host another one; back it goes where there is none."""
        siblings = self._siblings[seat.pod.owner]
        siblings[seat.host] -= 1

        def suits(host: str) -> str:
            return "it is there" if host == seat.host else ""

        [answer] = self._scheduler.place(seat.demand, 1, siblings, suits=suits)
        if isinstance(answer, str):
            if less_than is None or self._rooms[answer].share <= less_than:
                siblings[answer] += 1
                after = "" if less_than is None else f", {answer} {self._rooms[answer].share:.0%} with it"
                return Move(seat.pod.key, seat.pod.owner, seat.host, answer, why + after)
            self._scheduler.give(seat.demand, answer)
        self._scheduler.take(seat.demand, seat.host)
        siblings[seat.host] += 1
        return None


def _demand(pod: DesiredPod, known: dict[tuple[ObjectKey, int], Demand]) -> Demand:
    """Return what a pod asks for; pods of one template share their spec, and are one group for their neighbours."""
    key = pod.owner, id(pod.spec)
    if key not in known:
        known[key] = demand_of(pod.spec, namespace=pod.key.namespace, labels=pod.labels, handler=pod.runtime)
    return known[key]


def _may_move(pod: DesiredPod) -> bool:
    """Tell whether a pod may be on another host: one with claims, or that names its host, may not."""
    return pod.owner.kind in _MOVABLE and not pod.claims and not pod.spec.node_name


def _there(given: FleetInput, host: str) -> Mapping[PodKey, object]:
    observation = given.observations[host]
    return observed_pods(observation, given.agent) if isinstance(observation, Seen) else {}
