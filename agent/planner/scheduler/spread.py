"""Topology spread constraints: how evenly pods that match are spread over domains of hosts."""

import math
from collections.abc import Mapping, Sequence

from agent.model.objects.pod import SpreadConstraint
from agent.model.selector import selects
from agent.planner.scheduler.company import Company, with_keys
from agent.planner.scheduler.demand import Demand
from agent.planner.scheduler.filters import mismatch
from agent.planner.scheduler.room import Room
from agent.planner.scheduler.tally import Tally


class Spread:
    """The constraints of one pod, or of several equal ones that are placed one after another.

    A pod that is for one host ``alone`` has a node affinity in Kubernetes that names it: a constraint that honours that
    counts no other host, and forbids nothing.
    """

    def __init__(self, demand: Demand, company: Company, rooms: Sequence[Room], *, alone: bool = False) -> None:
        constraints = [one for one in demand.spread if not (alone and one.node_affinity_policy == "Honor")]
        keys = {"DoNotSchedule": set[str](), "ScheduleAnyway": set[str]()}
        for constraint in constraints:
            keys[constraint.when_unsatisfiable].add(constraint.topology_key)
        found = [
            _Constraint(
                one, demand, company, [room for room in rooms if keys[one.when_unsatisfiable] <= room.labels.keys()]
            )
            for one in constraints
        ]
        self._hard = [one for one in found if one.constraint.when_unsatisfiable == "DoNotSchedule"]
        self._soft = [one for one in found if one.constraint.when_unsatisfiable == "ScheduleAnyway"]
        self._refusals: dict[tuple[str | None, ...], str] = {}
        """By domains, until the next pod is placed: many hosts share them."""

    @property
    def prefers(self) -> bool:
        """Whether some hosts are better than others."""
        return bool(self._soft)

    def refusal(self, labels: Mapping[str, str]) -> str:
        """Return which constraint forbids a host; empty when none does."""
        domains = tuple([labels.get(one.constraint.topology_key) for one in self._hard])
        if (known := self._refusals.get(domains)) is None:
            known = self._refusals[domains] = self._refusal(labels)
        return known

    def _refusal(self, labels: Mapping[str, str]) -> str:
        for one in self._hard:
            if one.constraint.topology_key not in labels:
                return f"topology spread: no label {one.constraint.topology_key}"
            if one.skew(labels) > one.constraint.max_skew:
                return f"topology spread over {one.constraint.topology_key}"
        return ""

    def crowd(self, labels: Mapping[str, str]) -> float | None:
        """Return how many pods are there already by the constraints that are wishes; None where one has no domain."""
        if any(one.constraint.topology_key not in labels for one in self._soft):
            return None
        return sum(one.crowd(labels) for one in self._soft)

    def placed(self, labels: Mapping[str, str]) -> None:
        """Note that the pod went to a host."""
        for one in (*self._hard, *self._soft):
            one.tally.placed(labels)
        self._refusals.clear()


class _Constraint:
    """One constraint, with the domains that count and the pods in them."""

    def __init__(self, constraint: SpreadConstraint, demand: Demand, company: Company, rooms: Sequence[Room]) -> None:
        self.constraint = constraint
        counted = {room.name: room.labels for room in rooms if _counts(constraint, demand, room)}
        self._domains = sorted({labels[constraint.topology_key] for labels in counted.values()})
        selector = with_keys(constraint.label_selector, demand, constraint.match_label_keys)
        self._self = selects(selector, demand.labels)
        self.tally = Tally(constraint.topology_key, own=self._self)
        for other, hosts in company.groups():
            if other.namespace == demand.namespace and selects(selector, other.labels):
                self.tally.count(hosts, counted)

    def skew(self, labels: Mapping[str, str]) -> int:
        """Return by how much a host's domain would be ahead of the emptiest with the pod there."""
        few = len(self._domains) < (self.constraint.min_domains or 1)
        return self.tally.at(labels) + self._self - (0 if few else self.tally.least(self._domains))

    def crowd(self, labels: Mapping[str, str]) -> float:
        """Follow Kubernetes' scoring: more domains weigh more, and so does a smaller skew."""
        return self.tally.at(labels) * math.log(len(self._domains) + 2) + self.constraint.max_skew - 1


def _counts(constraint: SpreadConstraint, demand: Demand, room: Room) -> bool:
    """Tell whether a host's domain counts at all."""
    if constraint.node_affinity_policy == "Honor" and mismatch(demand, room.name, room.labels):
        return False
    repelling = (taint for taint in room.taints if taint.effect in {"NoSchedule", "NoExecute"})
    return constraint.node_taints_policy == "Ignore" or all(demand.tolerates(taint) for taint in repelling)
