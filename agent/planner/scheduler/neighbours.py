"""Pod affinity and anti-affinity, in both directions: whom a pod wants near or away, and who wants so of it."""

from collections.abc import Iterator, Mapping
from typing import Final

from agent.planner.scheduler.company import Company, away, near, preferred, required
from agent.planner.scheduler.demand import Demand
from agent.planner.scheduler.tally import Tally

_HARD: Final = 1
"""What a required affinity of a neighbour to the pod is worth (Kubernetes' hardPodAffinityWeight)."""

Labels = Mapping[str, Mapping[str, str]]


class Neighbours:
    """The neighbourhood of one pod, or of several equal ones that are placed one after another."""

    def __init__(self, demand: Demand, company: Company, labels: Labels) -> None:
        self._near, self._self_sufficient = _wanted(demand, company, labels)
        self._away = list(_unwanted(demand, company, labels))
        self._repelled = list(_repelling(demand, company, labels))
        self._liked = [*_liking(demand, company, labels), *_liked_by(demand, company, labels)]

    def __bool__(self) -> bool:
        """Tell whether any neighbour makes a difference."""
        return bool(self._near or self._away or self._repelled or self._liked)

    def refusal(self, labels: Mapping[str, str]) -> str:
        """Return why a host's neighbours forbid the pod; empty when they do not."""
        if any(tally.at(labels) for tally in self._away):
            return "pod anti-affinity"
        if any(tally.at(labels) for tally in self._repelled):
            return "a pod there wants none like it near"
        if not self._near:
            return ""
        if any(tally.key not in labels for tally in self._near):
            return "pod affinity: no such topology label"
        # The first of pods that want to be near each other may go anywhere.
        first = self._self_sufficient and all(tally.empty for tally in self._near)
        return "" if first or all(tally.at(labels) for tally in self._near) else "pod affinity"

    def preference(self, labels: Mapping[str, str]) -> int:
        """Return the weights of all neighbours that are liked, less those that are not."""
        return sum(weight * tally.at(labels) for weight, tally in self._liked)

    def placed(self, labels: Mapping[str, str]) -> None:
        """Note that the pod went to a host: the next of its kind finds it there."""
        for tally in (*self._near, *self._away, *self._repelled, *(tally for _, tally in self._liked)):
            tally.placed(labels)


def _wanted(demand: Demand, company: Company, labels: Labels) -> tuple[list[Tally], bool]:
    """Count the pods that all required terms are about; and tell whether the pod itself is such a one."""
    terms = required(near(demand.affinity))
    own = bool(terms) and all(company.means(term, demand, demand) for term in terms)
    tallies = [Tally(term.topology_key, own=own) for term in terms]
    for other, hosts in company.groups() if terms else ():
        if all(company.means(term, demand, other) for term in terms):
            for tally in tallies:
                tally.count(hosts, labels)
    return tallies, own


def _unwanted(demand: Demand, company: Company, labels: Labels) -> Iterator[Tally]:
    for term in required(away(demand.affinity)):
        tally = Tally(term.topology_key, own=company.means(term, demand, demand))
        for other, hosts in company.present():
            if company.means(term, demand, other):
                tally.count(hosts, labels)
        yield tally


def _repelling(demand: Demand, company: Company, labels: Labels) -> Iterator[Tally]:
    for other, hosts in company.present():
        for term in required(away(other.affinity)):
            if company.means(term, other, demand):
                tally = Tally(term.topology_key, own=False)
                tally.count(hosts, labels)
                yield tally


def _liking(demand: Demand, company: Company, labels: Labels) -> Iterator[tuple[int, Tally]]:
    signed = ((1, preferred(near(demand.affinity))), (-1, preferred(away(demand.affinity))))
    for sign, terms in signed:
        for weighted in terms:
            term = weighted.pod_affinity_term
            tally = Tally(term.topology_key, own=company.means(term, demand, demand))
            for other, hosts in company.groups():
                if company.means(term, demand, other):
                    tally.count(hosts, labels)
            yield sign * weighted.weight, tally


def _liked_by(demand: Demand, company: Company, labels: Labels) -> Iterator[tuple[int, Tally]]:
    for other, hosts in company.groups():
        if other.affinity is None:
            continue
        wishes = [
            *((one.weight, one.pod_affinity_term) for one in preferred(near(other.affinity))),
            *((-one.weight, one.pod_affinity_term) for one in preferred(away(other.affinity))),
            *((_HARD, term) for term in required(near(other.affinity))),
        ]
        for weight, term in wishes:
            if company.means(term, other, demand):
                tally = Tally(term.topology_key, own=False)
                tally.count(hosts, labels)
                yield weight, tally
