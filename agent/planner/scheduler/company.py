"""The pods that are placed, as their neighbours see them: equal ones together, counted by host."""

from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from agent.model.objects.pod import Affinity, PodAffinity, PodTerm, WeightedPodTerm
from agent.model.objects.selector import LabelSelector, LabelSelectorRequirement
from agent.model.selector import selects
from agent.planner.scheduler.demand import Demand


class Company:
    """All pods that have a place. ``namespaces`` are the labels of namespaces, by name."""

    def __init__(self, namespaces: Mapping[str, Mapping[str, str]]) -> None:
        self._namespaces = namespaces
        self._groups: dict[int, tuple[Demand, Counter[str]]] = {}
        self._passing: list[tuple[Demand, Mapping[str, int]]] = []

    def join(self, demand: Demand, host: str) -> None:
        """Count a pod in. Pods of one template bring the same demand, and are one group."""
        group = self._groups.setdefault(id(demand), (demand, Counter()))
        group[1][host] += 1

    def leave(self, demand: Demand, host: str) -> None:
        """Count a pod out again."""
        self._groups[id(demand)][1][host] -= 1

    def pass_through(self, demand: Demand, host: str) -> None:
        """Note a pod that goes sooner or later: until then nobody who wants it away may come."""
        self._passing.append((demand, {host: 1}))

    def present(self) -> Sequence[tuple[Demand, Mapping[str, int]]]:
        """Return the pods as ``groups`` does, those that go sooner or later among them."""
        return [*self.groups(), *self._passing]

    def groups(self) -> Sequence[tuple[Demand, Mapping[str, int]]]:
        """Return the pods, equal ones together, with how many of them each host has."""
        return list(self._groups.values())

    def means(self, term: PodTerm, owner: Demand, other: Demand) -> bool:
        """Tell whether a term of one pod is about another pod."""
        return self._in_scope(term, owner, other.namespace) and selects(
            with_keys(term.label_selector, owner, term.match_label_keys, term.mismatch_label_keys), other.labels
        )

    def _in_scope(self, term: PodTerm, owner: Demand, namespace: str) -> bool:
        if term.namespace_selector is None:
            return namespace in (term.namespaces or (owner.namespace,))
        labels = {"kubernetes.io/metadata.name": namespace, **self._namespaces.get(namespace, {})}
        return namespace in term.namespaces or selects(term.namespace_selector, labels)


_NOBODY = LabelSelector(match_expressions=(LabelSelectorRequirement(key="", operator="In"),))


def with_keys(
    selector: LabelSelector | None, owner: Demand, same: Sequence[str], other: Sequence[str] = ()
) -> LabelSelector:
    """Return a selector that asks in addition for the same (or other) values of some of the pod's own labels.

    No selector selects nothing.
    """
    if selector is None:
        return _NOBODY
    added = [_same(key, owner) for key in same if key in owner.labels]
    added += [msgspec.structs.replace(_same(key, owner), operator="NotIn") for key in other if key in owner.labels]
    if not added:
        return selector
    return LabelSelector(match_labels=selector.match_labels, match_expressions=(*selector.match_expressions, *added))


def _same(key: str, owner: Demand) -> LabelSelectorRequirement:
    return LabelSelectorRequirement(key=key, operator="In", values=(owner.labels[key],))


def required(affinity: PodAffinity | None) -> tuple[PodTerm, ...]:
    """Return the terms that must hold."""
    return affinity.required_during_scheduling_ignored_during_execution if affinity is not None else ()


def preferred(affinity: PodAffinity | None) -> tuple[WeightedPodTerm, ...]:
    """Return the terms that should hold."""
    return affinity.preferred_during_scheduling_ignored_during_execution if affinity is not None else ()


def near(affinity: Affinity | None) -> PodAffinity | None:
    """Return what a pod says of pods to be near to."""
    return affinity.pod_affinity if affinity is not None else None


def away(affinity: Affinity | None) -> PodAffinity | None:
    """Return what a pod says of pods to be away from."""
    return affinity.pod_anti_affinity if affinity is not None else None
