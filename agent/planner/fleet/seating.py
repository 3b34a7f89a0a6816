"""Giving pods their places one after another: who comes first goes first, and others make room where they must."""

import heapq
from collections.abc import Iterable, Mapping, Sequence
from itertools import count
from typing import NamedTuple

from agent.model.memory import EvictionRecord
from agent.model.objects.meta import PodKey
from agent.planner.disruption.budgets import Budgets, labels_of
from agent.planner.disruption.leavers import Leaver
from agent.planner.disruption.preemption import Occupant, Preemption, Squeeze
from agent.planner.fleet.choosing import Chooser, Suits
from agent.planner.fleet.ground import Ground
from agent.planner.fleet.rooms import templates_of
from agent.planner.fleet.staying import Homeless
from agent.planner.scheduler import Refused
from agent.planner.template import Slot, Template
from agent.planner.workload import Claim


class Stays(NamedTuple):
    """Why a pod that should leave its host stays there; ``for_now`` while a budget forbids it."""

    why: str
    for_now: bool


class Seating:
    """The places of all pods while they are given out. ``hosts`` has those that stay, and gets the others."""

    def __init__(
        self, claims: Sequence[Claim], ground: Ground, hosts: dict[PodKey, str], chooser: Chooser, budgets: Budgets
    ) -> None:
        self._claims, self._ground, self._chooser, self._budgets = claims, ground, chooser, budgets
        self.hosts = hosts
        self.refused: dict[PodKey, str] = {}
        self.evicted = dict(ground.evicted)
        self.gone: dict[PodKey, EvictionRecord] = {}
        self._queue: list[tuple[int, int, Homeless]] = []
        self._arrivals = count()
        self._lowest = min(
            (chooser.standing(template).value for claim in claims for template in templates_of(claim)), default=0
        )
        self._occupants: Mapping[str, list[Occupant]] | None = None

    def priority(self, template: Template) -> int:
        """Return which pods come first: those of the highest."""
        return self._chooser.standing(template).value

    def seat(self, homeless: Iterable[Homeless]) -> None:
        """Give pods their places, those of higher priority first. Who is pushed out for them comes after them."""
        for one in homeless:
            self._wait(one)
        while self._queue:
            self._house(heapq.heappop(self._queue)[2])

    def send_away(self, leaver: Leaver) -> Stays | None:
        """Find another host for a pod that should leave its own; return why it stays, None when it goes."""
        pod, labels = leaver.pod, labels_of(leaver.claim, leaver.pod)
        if pod.key in self.evicted or pod.key in self.gone or (leaver.slot and self.hosts.get(pod.key) != pod.host):
            return None
        if why := leaver.pinned():
            return Stays(why, for_now=False)
        if why := self._budgets.forbid(pod.key, labels):
            return Stays(why, for_now=True)
        if leaver.slot is not None and (why := self._move(leaver, leaver.slot)):
            return Stays(f"no other host fits: {why}", for_now=False)
        record = EvictionRecord(host=pod.host, reason="evicted", why=leaver.why)
        self._budgets.use(pod.key, labels)
        (self.gone if leaver.slot is None or _ends(leaver.claim) else self.evicted)[pod.key] = record
        return None

    def _move(self, leaver: Leaver, slot: Slot) -> str:
        """Give a pod a place on another host; return why there is none."""
        claim, here = leaver.claim, leaver.pod.host
        template = claim.template_of(slot)
        answer = self.reseat(Homeless(claim, template, (slot,)), lambda host: "it is there" if host == here else "")
        if isinstance(answer, Refused):
            return answer.why
        if _ends(claim):
            # Its job makes another in its stead, which finds its own place.
            self._chooser.give(template, answer)
            del self.hosts[slot.key]
        return ""

    def reseat(self, one: Homeless, suits: Suits) -> str | Refused:
        """Give a single pod another place, which suits; it keeps its own, if it has one, when there is none."""
        [slot] = one.slots
        here = self.hosts.get(slot.key)
        if here is not None:
            self._chooser.give(one.template, here)
            del self.hosts[slot.key]
        [answer] = self._chooser.choose(one, suits)
        if isinstance(answer, str):
            self.hosts[slot.key] = answer
            self.refused.pop(slot.key, None)
        elif here is not None:
            self._chooser.take(one.template, slot, here)
            self.hosts[slot.key] = here
        return answer

    def push_aside(self, one: Homeless, suits: Suits, planned: Sequence[Homeless]) -> str | Refused:
        """Give a single pod a place that suits, even if it is meant for others which are only ``planned``."""
        for other in planned:
            self._chooser.give(other.template, self.hosts[other.slots[0].key])
        answer = self.reseat(one, suits)
        displaced = []
        for other in planned:
            [slot] = other.slots
            host = self.hosts[slot.key]
            if host == answer and self._chooser.short(other.template, host):
                del self.hosts[slot.key]
                displaced.append(other)
            else:
                self._chooser.take(other.template, slot, host)
        for other in displaced:
            # Nobody makes room for what is only planned: those who are seated already are about to start.
            [slot], [found] = other.slots, self._chooser.choose(other)
            if isinstance(found, str):
                self.hosts[slot.key] = found
            else:
                self.refused[slot.key] = found.why
        return answer

    def _wait(self, one: Homeless) -> None:
        heapq.heappush(self._queue, (-self.priority(one.template), next(self._arrivals), one))

    def _house(self, one: Homeless) -> None:
        if one.toward and isinstance(answer := self._chooser.confirm(one, one.toward), str):
            answers: Sequence[str | Refused] = (answer,)
        elif one.outgrown:
            answers = self._chooser.choose(one, lambda host: "no room to grow" if host == one.outgrown else "")
        else:
            answers = self._chooser.choose(one)
        squeeze: Squeeze | None = None
        for slot, answer in zip(one.slots, answers, strict=True):
            if isinstance(answer, str):
                self.hosts[slot.key] = answer
                continue
            if squeeze is None or not _alike(one):
                squeeze = self._squeeze(one, slot)
            if squeeze is None or not self._push_in(one, slot, squeeze.next()):
                self.refused[slot.key] = answer.why

    def _squeeze(self, one: Homeless, slot: Slot) -> Squeeze | None:
        """Return how room can be made for a pod by taking others away that it comes before; None when it may not."""
        standing, template = self._chooser.standing(one.template), one.template
        if one.outgrown or not standing.preempts or standing.value <= self._lowest:
            return None
        if self._occupants is None:
            self._occupants = self._seated()
        rooms = self._chooser.if_emptier(template, slot)
        return Squeeze(template.demand, standing.value, rooms, self._occupants, self._budgets.violations)

    def _push_in(self, one: Homeless, slot: Slot, found: Preemption | None) -> bool:
        """Put a pod where room can be made for it, if there is such a place."""
        if found is None or self._occupants is None:
            return False
        value = self._chooser.standing(one.template).value
        why = f"makes room for {slot.key} of priority {value}"
        for victim in found.victims:
            self._push_out(victim, EvictionRecord(host=found.host, reason="preempted", why=why, by=slot.name))
            self._occupants[found.host].remove(victim)
        self._chooser.take(one.template, slot, found.host)
        self.hosts[slot.key] = found.host
        return True

    def _push_out(self, victim: Occupant, record: EvictionRecord) -> None:
        key = victim.slot.key
        self._chooser.give(victim.template, record.host)
        del self.hosts[key]
        if victim.live is not None:
            self._budgets.use(key, victim.labels)
            (self.gone if _ends(victim.claim) else self.evicted)[key] = record
        if victim.live is None or not _ends(victim.claim):
            self._wait(Homeless(victim.claim, victim.template, (victim.slot,)))

    def _seated(self) -> Mapping[str, list[Occupant]]:
        """Return the pods that have their places, by host."""
        found: dict[str, list[Occupant]] = {name: [] for name in self._ground.hosts}
        pods = self._ground.sight.pods
        for claim in self._claims:
            for slot in claim.final:
                live = pods.get(slot.key)
                if (host := self.hosts.get(slot.key)) is not None and not (live is not None and live.over):
                    template = claim.template_of(slot)
                    priority = self._chooser.standing(template).value
                    found[host].append(Occupant(claim, template, slot, live, priority))
        return found


def _ends(claim: Claim) -> bool:
    """Tell whether a claim's pods run to their end: none of them is taken up again elsewhere."""
    return claim.template.declared.key.kind == "Job"


def _alike(one: Homeless) -> bool:
    """Tell whether what holds for one of the pods holds for the next: none has a host, claims or neighbours to mind."""
    return not (one.template.claiming or one.template.demand.social or any(slot.host for slot in one.slots))
