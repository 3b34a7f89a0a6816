"""Which pods make room for one that comes before them, by the rules of Kubernetes' preemption."""

import heapq
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from agent.model.objects.meta import PodKey
from agent.planner.disruption.budgets import labels_of
from agent.planner.live import Live
from agent.planner.scheduler import Demand, Room
from agent.planner.scheduler.filters import FILLING, refusal
from agent.planner.template import Slot, Template
from agent.planner.workload import Claim

Violations = Callable[[Iterable[tuple[PodKey, Mapping[str, str]]]], frozenset[PodKey]]
"""Tells which of some pods budgets forbid to take away, one after another."""


class Occupant(NamedTuple):
    """A pod that has its place; ``live`` is None before it is there."""

    claim: Claim
    template: Template
    slot: Slot
    live: Live | None
    priority: int

    @property
    def demand(self) -> Demand:
        """What it takes up."""
        return self.template.demand

    @property
    def labels(self) -> Mapping[str, str]:
        """Its labels, by which budgets know it."""
        return self.template.labels if self.live is None else labels_of(self.claim, self.live)

    @property
    def started(self) -> float:
        """When it was made; what is not there yet came last."""
        return float("inf") if self.live is None else self.live.created_at


class Preemption(NamedTuple):
    """Where a pod goes, and who has to go for it."""

    host: str
    victims: Sequence[Occupant]


_Rank = tuple[int, int, int, int, float, str]


class Squeeze:
    """Makes room for equal pods, one after another, each time with the least harm.

    The host is the one where the fewest budgets break; then where the highest victim is lowest, the sum of priorities
    smallest, the victims fewest; then where the highest were made last; then the first by name.
    """

    def __init__(
        self,
        demand: Demand,
        priority: int,
        rooms: Iterable[Room],
        occupants: Mapping[str, Sequence[Occupant]],
        violations: Violations,
    ) -> None:
        self._demand, self._priority = demand, priority
        self._occupants, self._violations = occupants, violations
        self._order = [(rank, room.name, room) for room in rooms if (rank := self._weighed(room)[0]) is not None]
        heapq.heapify(self._order)
        self._last: Room | None = None

    def next(self) -> Preemption | None:
        """Return how room is made for one more, once that for the last is made; None when it cannot be."""
        if self._last is not None and (rank := self._weighed(self._last)[0]) is not None:
            heapq.heappush(self._order, (rank, self._last.name, self._last))
        self._last = None
        while self._order:
            before, name, room = heapq.heappop(self._order)
            rank, victims = self._weighed(room)
            if rank == before:
                self._last = room
                return Preemption(name, victims)
            # Budgets were used up since. That makes a host worse, never better.
            if rank is not None:
                heapq.heappush(self._order, (rank, name, room))
        return None

    def _weighed(self, room: Room) -> tuple[_Rank | None, Sequence[Occupant]]:
        lower = [one for one in self._occupants.get(room.name, ()) if one.priority < self._priority]
        found = _victims(self._demand, room, lower, self._violations) if lower else None
        if found is None:
            return None, ()
        victims, broken = found
        highest = max(one.priority for one in victims)
        rank = (
            broken,
            highest,
            sum(one.priority + (1 << 31) for one in victims),
            len(victims),
            -min(one.started for one in victims if one.priority == highest),
            room.name,
        )
        return rank, victims


def _victims(
    demand: Demand, room: Room, lower: Sequence[Occupant], violations: Violations
) -> tuple[Sequence[Occupant], int] | None:
    """Return who has to leave a room, and for how many of them a budget breaks; None when that is not enough.

    All that are lower are taken out, then as many as possible put back: first those whose budgets would break, then
    the most important. The room is left as it was.
    """
    order = sorted(lower, key=lambda one: (-one.priority, one.started, one.slot.name))
    for one in order:
        room.give(one.demand)
    victims = list[Occupant]()
    if refusal(FILLING, demand, room):
        for one in order:
            room.take(one.demand)
        return None
    forbidden = violations((one.slot.key, one.labels) for one in order)
    for one in sorted(order, key=lambda one: one.slot.key not in forbidden):
        room.take(one.demand)
        if refusal(FILLING, demand, room):
            room.give(one.demand)
            victims.append(one)
    for one in victims:
        room.take(one.demand)
    return (victims, sum(one.slot.key in forbidden for one in victims)) if victims else None
