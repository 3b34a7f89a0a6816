"""PodDisruptionBudgets: how many pods may be taken away now, by the rules of Kubernetes' disruption controller."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Final, NamedTuple

from agent.model.intstr import resolve
from agent.model.kindstatus import BudgetStatus, Condition
from agent.model.objects.budget import PodDisruptionBudget
from agent.model.objects.fleet import Fleet
from agent.model.objects.meta import ObjectKey, PodKey
from agent.model.selector import selects
from agent.model.status import ObjectStatus
from agent.planner.live import Live
from agent.planner.ofkind import of_kind
from agent.planner.workload import Claim

_SCALED: Final = frozenset({"Deployment", "ReplicaSet", "StatefulSet"})
"""Kinds that say how many pods they should have: what percentages and maxUnavailable are reckoned from."""


class _Watched(NamedTuple):
    """One pod that is there to stay, as budgets see it."""

    key: PodKey
    owner: ObjectKey
    labels: Mapping[str, str]
    wanted: int
    healthy: bool
    pending: bool


class _Budget:
    """One budget, and what is left of it while pods are taken away."""

    def __init__(self, key: ObjectKey, body: PodDisruptionBudget) -> None:
        self.key, self.spec = key, body.spec
        self.healthy = self.expected = self.desired = self.left = 0
        self.failed = ""
        self._scales: dict[ObjectKey, int] = {}

    def matches(self, labels: Mapping[str, str]) -> bool:
        return self.spec.selector is not None and selects(self.spec.selector, labels)

    def count(self, pod: _Watched) -> None:
        self.healthy += pod.healthy
        self.expected += 1
        if pod.owner.kind != "Pod":
            self._scales[pod.owner] = pod.wanted

    def reckon(self) -> None:
        """Work out what is allowed, once all pods are counted."""
        least, most = self.spec.min_available, self.spec.max_unavailable
        if most is not None or isinstance(least, str):
            unscaled = next((owner for owner in sorted(self._scales) if owner.kind not in _SCALED), None)
            if unscaled is not None:
                self.failed = f"{unscaled} has no scale: only a minAvailable that is a number holds for its pods"
                return
            self.expected = sum(self._scales.values())
        if most is not None:
            self.desired = max(0, self.expected - resolve(most, self.expected, round_up=True))
        elif least is not None:
            self.desired = resolve(least, self.expected, round_up=True)
        self.left = max(0, self.healthy - self.desired) if self.expected > 0 else 0

    def status(self) -> ObjectStatus:
        if self.failed:
            said = Condition(type="DisruptionAllowed", status="False", reason="SyncFailed", message=self.failed)
            told = BudgetStatus(conditions=(said,))
            return ObjectStatus(key=self.key, phase="Ready", reason="SyncFailed", message=self.failed, status=told)
        enough = Condition(type="DisruptionAllowed", status="True", reason="SufficientPods")
        few = Condition(type="DisruptionAllowed", status="False", reason="InsufficientPods")
        told = BudgetStatus(
            disruptions_allowed=self.left,
            current_healthy=self.healthy,
            desired_healthy=self.desired,
            expected_pods=self.expected,
            conditions=(enough if self.left else few,),
        )
        return ObjectStatus(key=self.key, phase="Ready", status=told)


class Budgets:
    """All budgets of a fleet. ``going`` are pods that may not stay where they are: they are healthy for nobody."""

    def __init__(self, fleet: Fleet, claims: Sequence[Claim], going: AbstractSet[PodKey]) -> None:
        found = [_Budget(key, one.body) for key, one in of_kind(fleet, PodDisruptionBudget).items()]
        self._by_namespace: dict[str, _Index] = {}
        for namespace in sorted({one.key.namespace for one in found}):
            self._by_namespace[namespace] = _Index([one for one in found if one.key.namespace == namespace])
        self._all = found
        self._healthy: set[PodKey] = set()
        self._pending: set[PodKey] = set()
        for pod in _watched(claims, self._by_namespace, going) if found else ():
            if pod.healthy:
                self._healthy.add(pod.key)
            if pod.pending:
                self._pending.add(pod.key)
            for one in self._by_namespace[pod.key.namespace].about(pod.labels):
                one.count(pod)
        for one in found:
            one.reckon()

    def __bool__(self) -> bool:
        """Tell whether there are any."""
        return bool(self._all)

    def forbid(self, key: PodKey, labels: Mapping[str, str]) -> str:
        """Return why a pod may not be evicted now; empty when it may. Follows Kubernetes' eviction API."""
        if key in self._pending:
            return ""
        found = self._about(key, labels)
        if len(found) > 1:
            names = " and ".join(one.key.name for one in found)
            return f"budgets {names} are both about it, which forbids its eviction"
        return next((why for one in found if (why := self._forbids(one, key))), "")

    def _forbids(self, budget: _Budget, key: PodKey) -> str:
        name = budget.key.name
        if key not in self._healthy:
            if budget.spec.unhealthy_pod_eviction_policy == "AlwaysAllow":
                return ""
            if not budget.failed and budget.healthy >= budget.desired > 0:
                return ""
        if budget.failed:
            return f"budget {name} cannot be reckoned: {budget.failed}"
        if budget.left > 0:
            return ""
        needs = f"it needs {budget.desired} healthy pods and has {budget.healthy}"
        return f"budget {name} allows 0 disruptions now: {needs}"

    def use(self, key: PodKey, labels: Mapping[str, str]) -> None:
        """Count a pod out that is taken away, allowed or not."""
        if key not in self._healthy:
            return
        self._healthy.remove(key)
        for one in self._about(key, labels):
            one.left = max(0, one.left - 1)
            one.healthy -= 1

    def violations(self, pods: Iterable[tuple[PodKey, Mapping[str, str]]]) -> frozenset[PodKey]:
        """Return which of some pods, taken away one after another, would be too many for their budgets."""
        left: dict[ObjectKey, int] = {}
        found = []
        for key, labels in pods:
            about = self._about(key, labels) if key in self._healthy else []
            for one in about:
                left[one.key] = left.get(one.key, one.left) - 1
            if any(left[one.key] < 0 for one in about):
                found.append(key)
        return frozenset(found)

    def statuses(self) -> Iterator[ObjectStatus]:
        """Yield the status of every budget."""
        return (one.status() for one in self._all)

    def _about(self, key: PodKey, labels: Mapping[str, str]) -> list[_Budget]:
        index = self._by_namespace.get(key.namespace)
        return index.about(labels) if index is not None else []


class _Index:
    """The budgets of a namespace, found by one label that each of them asks for: most pods concern few of them."""

    def __init__(self, budgets: Sequence[_Budget]) -> None:
        self._by_label: dict[tuple[str, str], list[_Budget]] = {}
        self._others: list[_Budget] = []
        self._known: dict[int, tuple[Mapping[str, str], list[_Budget]]] = {}
        for one in budgets:
            asked = one.spec.selector.match_labels if one.spec.selector is not None else {}
            if asked:
                self._by_label.setdefault(min(asked.items()), []).append(one)
            else:
                self._others.append(one)

    def about(self, labels: Mapping[str, str]) -> list[_Budget]:
        """Return the budgets that select a pod with some labels, by name. Pods of one template share theirs."""
        known = self._known.get(id(labels))
        if known is None:
            known = self._known[id(labels)] = labels, self._find(labels)
        return known[1]

    def _find(self, labels: Mapping[str, str]) -> list[_Budget]:
        near = [one for label in labels.items() for one in self._by_label.get(label, ())]
        return sorted((one for one in (*near, *self._others) if one.matches(labels)), key=lambda one: one.key)


def labels_of(claim: Claim, pod: Live) -> Mapping[str, str]:
    """Return a pod's own labels: as they were seen, or those of its template."""
    shared = pod.generation and pod.generation == claim.template.hash and claim.template.declared.key.kind in _ALIKE
    return claim.template.labels if shared or pod.observed is None else pod.observed.labels


_ALIKE: Final = frozenset({"Deployment", "ReplicaSet", "DaemonSet"})
"""Kinds whose pods of one template have all the same labels."""


def _watched(
    claims: Sequence[Claim], namespaces: Mapping[str, object], going: AbstractSet[PodKey]
) -> Iterator[_Watched]:
    for claim in claims:
        owner, template = claim.template.declared.key, claim.template
        if owner.namespace not in namespaces:
            continue
        said = template.annotations if owner.kind == "Pod" else None
        wanted = len(claim.final) if claim.wanted is None else claim.wanted
        for pod in (*claim.current, *claim.kept):
            names = template.names if pod.generation == template.hash else None
            healthy = pod.key not in going and pod.ready_since(names, said) is not None
            pending = not healthy and _pending(pod)
            yield _Watched(pod.key, owner, labels_of(claim, pod), wanted, healthy, pending)


def _pending(pod: Live) -> bool:
    """Tell whether no main container of a pod was ever started, as far as is known."""
    if pod.observed is None:
        return False
    return not any(one.started_at for name in pod.observed.main for one in pod.observed.containers[name])
