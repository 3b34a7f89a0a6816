"""Asking the scheduler where pods go, with what it does not know of: their volumes, profiles and priorities."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Final

from agent.model.objects.meta import PodKey
from agent.planner.fleet.ground import Ground
from agent.planner.fleet.staying import Homeless
from agent.planner.scheduler import Priorities, Refused, Room, Scheduler, Standing
from agent.planner.storage import against, refusal, uses_of
from agent.planner.template import Slot, Template

_DEFAULT: Final = "default-scheduler"
Suits = Callable[[str], str]
"""Returns what is against a host, by its name; empty for nothing."""


def anywhere(_host: str) -> str:
    """Have nothing against any host."""
    return ""


class Chooser:
    """Chooses hosts for pods. ``hosts`` are the places of all pods that have theirs.

    The scheduler is made when it is asked for the first time: not every plan needs it.
    """

    def __init__(self, ground: Ground, scheduler: Callable[[], Scheduler], hosts: Mapping[PodKey, str]) -> None:
        self._ground, self._make_scheduler, self._hosts = ground, scheduler, hosts
        self._priorities = Priorities(ground.given.fleet)
        self._draining = ground.draining

    @cached_property
    def _scheduler(self) -> Scheduler:
        return self._make_scheduler()

    def standing(self, template: Template) -> Standing:
        """Return how the pods of a template stand to others."""
        return self._priorities.of(template.spec)

    def choose(self, one: Homeless, suits: Suits = anywhere) -> Sequence[str | Refused]:
        """Choose hosts for equal pods."""
        template, slots = one.template, one.slots
        suits = self._undrained(template, slots[0], suits)
        if why := self._impossible(template):
            return [Refused(why=why)] * len(slots)
        siblings = Counter(self._hosts[slot.key] for slot in one.claim.final if slot.key in self._hosts)
        if template.claiming:
            return [self._with_volumes(template, slot, siblings, suits) for slot in slots]
        if any(slot.host for slot in slots):
            return self._scheduler.pin(template.demand, [slot.host for slot in slots], suits=suits, alone=True)
        packing = self._packing(template)
        return self._scheduler.place(template.demand, len(slots), siblings, suits=suits, packing=packing)

    def confirm(self, one: Homeless, host: str) -> str | Refused:
        """Choose a host again that was chosen before for a single pod, if it still fits."""
        [answer] = self.choose(one, lambda other: "" if other == host else f"{host} was chosen")
        return answer

    def if_emptier(self, template: Template, slot: Slot) -> Sequence[Room]:
        """Return the hosts that would take a pod if others made room there."""
        uses, ledger = uses_of(template, slot), self._ground.ledger
        if self._impossible(template) or refusal(ledger, uses, slot.name):
            return ()

        def suits(host: str) -> str:
            return "not its host" if slot.host not in {"", host} else against(ledger, uses, host, slot.name)

        open_ = self._undrained(template, slot, suits)
        return self._scheduler.if_emptier(template.demand, suits=open_, alone=bool(slot.host))

    def take(self, template: Template, slot: Slot, host: str) -> None:
        """Give a pod a place that was chosen otherwise."""
        self._scheduler.take(template.demand, host)
        if template.claiming:
            self._ground.ledger.use(uses_of(template, slot), host, slot.name)

    def give(self, template: Template, host: str) -> None:
        """Take a pod off its place."""
        self._scheduler.give(template.demand, host)

    def short(self, template: Template, host: str) -> str:
        """Return what a host lacks for one more pod, with all that are to be there; empty when it has the room."""
        return self._scheduler.short(template.demand, host)

    def _with_volumes(self, template: Template, slot: Slot, siblings: Counter[str], suits: Suits) -> str | Refused:
        """Place a pod that uses claims: its volumes say where it may be, and it says where new ones will be."""
        uses, ledger, demand = uses_of(template, slot), self._ground.ledger, template.demand
        if why := refusal(ledger, uses, slot.name):
            return Refused(why=why)

        def suit(host: str) -> str:
            return suits(host) or against(ledger, uses, host, slot.name)

        if slot.host:
            [answer] = self._scheduler.pin(demand, [slot.host], suits=suit, alone=True)
        else:
            [answer] = self._scheduler.place(demand, 1, siblings, suits=suit, packing=self._packing(template))
        if isinstance(answer, str):
            ledger.use(uses, answer, slot.name)
            siblings[answer] += 1
        return answer

    def _undrained(self, template: Template, slot: Slot, suits: Suits) -> Suits:
        """Have something against hosts that are drained, too: who tolerates that would only be sent away again.

        Who can be on that host only is not, and may come.
        """
        if not self._draining or slot.host or template.demand.node_name:
            return suits
        return lambda host: suits(host) or ("drained" if host in self._draining else "")

    def _impossible(self, template: Template) -> str:
        """Return why pods of a template go nowhere, whatever hosts there are."""
        name = template.spec.scheduler_name
        if template.unresolved:
            return template.unresolved
        if name != _DEFAULT and name not in self._ground.given.profiles:
            return f"the agent has no scheduler profile {name} (spec.scheduler.profiles of its configuration)"
        return self.standing(template).unknown

    def _packing(self, template: Template) -> bool:
        return self._ground.given.profiles.get(template.spec.scheduler_name) == "MostAllocated"
