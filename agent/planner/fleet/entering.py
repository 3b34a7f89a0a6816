"""Letting pods start: each only where its host has room for it beside everything that is still there.

Places are given out for what is to be in the end. Until then pods of older templates, and pods that go, take room as
well. A pod whose place is not free yet gets another one that is, as from Kubernetes' scheduler; or it waits, for those
who go or for whatever comes.
"""

from collections.abc import Sequence
from functools import cached_property
from itertools import groupby
from typing import Final, NamedTuple

from agent.model.memory import Memory
from agent.model.objects.meta import PodKey
from agent.planner.fleet.ground import Ground
from agent.planner.fleet.present import Present
from agent.planner.fleet.seating import Seating
from agent.planner.fleet.staying import OF_ONE_NAME, Homeless
from agent.planner.live import names_of
from agent.planner.scheduler import Refused
from agent.planner.template import Slot, Template
from agent.planner.workload import Claim

_LOOK_AGAIN: Final = 1.0


class Arrival(NamedTuple):
    """A pod that may be there now, and is not seen yet. ``told`` if its host was told to start it by the last plan."""

    claim: Claim
    template: Template
    slot: Slot
    told: bool
    priority: int

    @property
    def homeless(self) -> Homeless:
        """The pod as one that looks for a host."""
        return Homeless(self.claim, self.template, (self.slot,))


class Entrance:
    """Lets pods in, one after another. ``waits`` says whom those wait for that do so for others to be gone.

    Who was told to start comes first, as it may be about to; then who is of higher priority; of these, who has room at
    its own place. ``departing`` are pods that go and that no claim sends away.
    """

    def __init__(
        self,
        claims: Sequence[Claim],
        ground: Ground,
        seating: Seating,
        present: Present,
        departing: Sequence[PodKey],
    ) -> None:
        self._claims, self._ground, self._seating, self._present = claims, ground, seating, present
        self._departing = departing
        self._inside: set[PodKey] = set()
        self._nowhere: dict[tuple[int, bool], Refused] = {}
        self._unsettled: list[Homeless] | None = None
        """Pods that have their places and may be told otherwise, once somebody asks."""
        self.waits: dict[PodKey, str] = {}
        self.wake_at: float | None = None
        """When those may go elsewhere that a host was told to start, which is told otherwise now."""

    def open(self, expecting: Sequence[Claim]) -> None:
        """Let the pods in that these claims may have now, as far as there is room."""
        arrivals = self._arrivals(expecting)
        for _, equals in groupby(sorted(arrivals, key=_urgency), key=_urgency):
            late = [one for one in equals if not self._enters(one)]
            for one in late:
                self._find_room(one)

    def _arrivals(self, expecting: Sequence[Claim]) -> Sequence[Arrival]:
        hosts, forbidden, pods = self._seating.hosts, self._ground.forbidden, self._ground.sight.pods
        told = Told(self._ground.given.memory)
        found = []
        for claim in expecting:
            newest = self._seating.priority(claim.template)
            found += [
                Arrival(
                    claim,
                    slot.template or claim.template,
                    slot,
                    told.by(slot.name, hosts.get(slot.key)),
                    newest if slot.template is None else self._seating.priority(slot.template),
                )
                for slot in claim.now
                if slot.key not in pods and slot.key not in forbidden
            ]
        return found

    def _take_in(self, one: Arrival) -> None:
        self._present.let_in(one.template.demand, self._seating.hosts[one.slot.key])
        self._inside.add(one.slot.key)

    def _enters(self, one: Arrival) -> bool:
        host = self._seating.hosts.get(one.slot.key)
        if host is None or self._present.short(one.template.demand, host):
            return False
        self._take_in(one)
        return True

    def _find_room(self, one: Arrival) -> None:
        """Let a pod in elsewhere, since its own place has no room now; or say what it waits for."""
        demand, key = one.template.demand, one.slot.key
        here = self._seating.hosts.get(key)
        if here is not None and one.told and one.claim.template.declared.key.kind in OF_ONE_NAME:
            self.waits[key] = f"waits for {here}, which has no room for it, to be known not to have begun it"
            self.wake_at = self._ground.given.now + _LOOK_AGAIN
            return

        answer = self._seat(one, displacing=False)
        if isinstance(answer, Refused) and here is not None:
            short, going = self._present.short_without(demand, here, self._going)
            if not short:
                self.waits[key] = f"waits for {names_of(going)} to be gone from {here}"
                return
        if isinstance(answer, Refused):
            answer = self._seat(one, displacing=True)
        if isinstance(answer, Refused):
            self._seating.refused[key] = answer.why
        else:
            self._take_in(one)

    def _seat(self, one: Arrival, *, displacing: bool) -> str | Refused:
        """Give a pod a place that has room now; ``displacing`` also one that is meant for pods which are not there yet.

        Rooms only fill up here: where one pod finds none, no pod that is like it does.
        """
        demand, alike = one.template.demand, (id(one.template), displacing)
        if alike in self._nowhere:
            return self._nowhere[alike]

        def suits(host: str) -> str:
            return self._present.short(demand, host)

        if displacing:
            answer = self._seating.push_aside(one.homeless, suits, self._planned(one))
        else:
            answer = self._seating.reseat(one.homeless, suits)
        if isinstance(answer, Refused) and not (one.template.claiming or one.slot.host):
            self._nowhere[alike] = answer
        return answer

    def _planned(self, by: Arrival) -> Sequence[Homeless]:
        """Return the pods that have their places and are not there, nor about to be once others are gone.

        One of higher priority keeps its place: it would only push the other out again.
        """
        hosts, pods = self._seating.hosts, self._ground.sight.pods
        if self._unsettled is None:
            self._unsettled = [
                Homeless(claim, claim.template_of(slot), (slot,))
                for claim in self._claims
                for slot in claim.final
                if slot.key in hosts and slot.key not in pods
            ]
        # They only become fewer: who is inside, or waits, stays so, and who gets a place from here on is inside.
        self._unsettled = [
            one
            for one in self._unsettled
            if (key := one.slots[0].key) in hosts and key not in self._inside and key not in self.waits
        ]
        return [
            one
            for one in self._unsettled
            if one.slots[0].key != by.slot.key and self._seating.priority(one.claim.template) <= by.priority
        ]

    @cached_property
    def _going(self) -> frozenset[PodKey]:
        """The pods that go, whatever else happens."""
        leaving = (one.pod.key for claim in self._claims for one in claim.leaving)
        return frozenset((*leaving, *self._seating.evicted, *self._seating.gone, *self._departing))


class Told:
    """Which pods hosts were told to start, as far as the last plan knew."""

    def __init__(self, memory: Memory) -> None:
        self._placements = memory.placements
        self._others = {*memory.pending, *memory.leaving, *memory.evicted}

    def by(self, name: str, host: str | None) -> bool:
        """Tell whether a pod, by its name in memory, is to be on a host and may have been started there."""
        return host is not None and self._placements.get(name) == host and name not in self._others


def _urgency(one: Arrival) -> tuple[bool, int]:
    return not one.told, -one.priority
