"""The few moves of pods that help most: what is where it should not be any more, and hosts that carry too much.

Placement is sticky: nothing moves by itself when a host comes back or is added, or when labels change. This says what
a person might want to have moved; budgets decide how fast.
"""

from collections import Counter
from collections.abc import Callable, Container
from collections.abc import Set as AbstractSet
from typing import Final, NamedTuple

from msgspec.structs import replace

from agent.model.desired import DesiredPod
from agent.model.objects.host import Host
from agent.model.objects.meta import ObjectKey, PodKey
from agent.model.objects.namespace import Namespace
from agent.model.objects.pod import Toleration
from agent.model.observation import Seen
from agent.model.plan import FleetInput, FleetPlan
from agent.planner.ofkind import of_kind
from agent.planner.pods import observed_pods
from agent.planner.scheduler import Company, Demand, Refused, Room, Scheduler, demand_of

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
    """Return the moves that help, the most needed first. ``plan`` is what the fleet is held to now.

    First come pods that would not be put where they are, then workloads that crowd a host, then hosts that carry much.
    """
    board = _Board(given, plan)
    moves: dict[PodKey, Move] = {}
    for look in (board.put_right, board.spread_out):
        for seat in board.movable:
            if len(moves) < most and seat.pod.key not in moves and (move := look(seat)) is not None:
                moves[move.pod] = move
    while len(moves) < most and (relief := board.relieve(moves)) is not None:
        moves[relief.pod] = relief
    return tuple(moves.values())


class _Board:
    """All pods on their hosts, as they would be after the moves so far."""

    def __init__(self, given: FleetInput, plan: FleetPlan) -> None:
        hosts = {key.name: one for key, one in of_kind(given.fleet, Host).items()}
        self._rooms = {name: Room(hosts[name], given.observations[name]) for name in sorted(hosts)}
        namespaces = {key.name: one.body.metadata.labels for key, one in of_kind(given.fleet, Namespace).items()}
        self._draining = frozenset(name for name, one in hosts.items() if one.body.spec.drain)
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
        at_work = {name: _at_work(given, name) for name in hosts}
        self.movable = [seat for seat in seats if seat.pod.key in at_work[seat.host] and _may_move(seat.pod)]

    def put_right(self, seat: _Seat) -> Move | None:
        """Move a pod that would not be put where it is today, if there is a host where it would."""
        self._scheduler.give(seat.demand, seat.host)
        bearing = replace(seat.demand, tolerations=_BEARS_ALL)
        [answer] = self._scheduler.pin(bearing, [seat.host])
        if isinstance(answer, str):
            self._scheduler.give(bearing, seat.host)
        self._scheduler.take(seat.demand, seat.host)
        return self._move(seat, lambda _: answer.why) if isinstance(answer, Refused) else None

    def spread_out(self, seat: _Seat) -> Move | None:
        """Move a pod away from others of its workload, to where at least two fewer are."""
        siblings = self._siblings[seat.pod.owner]
        crowd = siblings[seat.host]
        if crowd < 2 or seat.pod.spec.scheduler_name in self._packing:
            return None

        def why(target: str) -> str:
            few = siblings[target]
            return f"{crowd} pods of {seat.pod.owner.name} on {seat.host}, {few} on {target}" if few < crowd - 1 else ""

        return self._move(seat, why)

    def relieve(self, moved: Container[PodKey]) -> Move | None:
        """Move a pod off the host that carries most, where that brings it and another host closer together."""
        least = min((room.share for room in self._rooms.values() if room.open), default=1.0)
        for room in sorted(self._rooms.values(), key=lambda one: (-one.share, one.name)):
            if room.share - least <= _WORTH:
                break
            if (move := self._relieve(room, room.share, moved)) is not None:
                return move
        return None

    def _relieve(self, room: Room, carried: float, moved: Container[PodKey]) -> Move | None:
        def why(target: str) -> str:
            after = self._rooms[target].share
            told = f"{room.name} carries {carried:.0%}, {target} {after:.0%} with it"
            return told if after < carried - _WORTH else ""

        movable = (
            seat
            for seat in self.movable
            if seat.host == room.name
            and seat.pod.key not in moved
            and seat.pod.spec.scheduler_name not in self._packing
        )
        return next((move for seat in movable if (move := self._move(seat, why)) is not None), None)

    def _move(self, seat: _Seat, why: Callable[[str], str]) -> Move | None:
        """Give a pod another host, if there is one with a reason why; ``why`` is asked once it is there."""
        siblings, here = self._siblings[seat.pod.owner], seat.host
        self._scheduler.give(seat.demand, here)
        beside = siblings - Counter((here,))
        [answer] = self._scheduler.place(
            seat.demand, 1, beside, suits=lambda host: "no other host" if host == here or host in self._draining else ""
        )
        if isinstance(answer, str):
            if reason := why(answer):
                siblings.subtract((here,))
                siblings.update((answer,))
                return Move(seat.pod.key, seat.pod.owner, here, answer, reason)
            self._scheduler.give(seat.demand, answer)
        self._scheduler.take(seat.demand, here)
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


def _at_work(given: FleetInput, host: str) -> AbstractSet[PodKey]:
    """Return the pods that are there and did not run to their end, after which nobody does their work again."""
    observation = given.observations[host]
    pods = observed_pods(observation, given.agent) if isinstance(observation, Seen) else {}
    return {key for key, pod in pods.items() if not pod.over}
