"""What ``trimtab diff`` found, ready to be shown in any form."""

from collections import Counter
from collections.abc import Mapping
from typing import get_args

from agent.model.action import Verb
from agent.model.objects.meta import ObjectKey, PodKey
from agent.model.origin import Revision
from agent.model.plan import HostPlan, Waiting
from agent.model.value import Value

VERBS: tuple[Verb, ...] = get_args(Verb)


class HostReport(Value, frozen=True, kw_only=True):
    """What would happen on one host. ``unseen`` says why nothing can be told of it; None where it was seen."""

    host: str
    plan: HostPlan
    unseen: str | None = None


class DiffReport(Value, frozen=True, kw_only=True):
    """What would happen everywhere.

    ``waiting`` is what no host has yet, such as a pod that fits nowhere. ``predecessors`` tells of pods that a rollout
    creates which live pod they were compared with, and take over from. ``held`` is why the agent would hold the
    revision back until it is approved; empty where it would not.
    """

    revision: Revision
    now: float
    hosts: tuple[HostReport, ...]
    waiting: tuple[Waiting, ...] = ()
    predecessors: Mapping[PodKey, PodKey] = {}
    held: str = ""

    @property
    def counts(self) -> Mapping[Verb, int]:
        """How many actions of each verb there are, every verb named."""
        found = Counter(action.verb for host in self.hosts for action in host.plan.actions)
        return {verb: found[verb] for verb in VERBS}

    @property
    def unchanged(self) -> int:
        """How many pods are as declared."""
        return sum(host.plan.unchanged for host in self.hosts)

    @property
    def unseen(self) -> tuple[str, ...]:
        """The hosts that could not be looked at."""
        return tuple(host.host for host in self.hosts if host.unseen is not None)

    @property
    def waits_elsewhere(self) -> tuple[Waiting, ...]:
        """What waits, but for hosts that cannot be seen: their own sections say so."""
        lost = {ObjectKey(kind="Host", namespace="", name=name) for name in self.unseen}
        return tuple(waiting for waiting in self.waiting if waiting.object not in lost)

    @property
    def exit_code(self) -> int:
        """As ``kubectl diff``: 0 no difference, 1 differences, 2 when some host could not be looked at."""
        if self.unseen:
            return 2
        return 1 if any(self.counts.values()) else 0
