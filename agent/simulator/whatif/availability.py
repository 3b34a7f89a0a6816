from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from agent.model.objects.budget import PodDisruptionBudget
from agent.model.objects.fleet import Fleet
from agent.model.objects.meta import ObjectKey
from agent.model.selector import selects
from agent.model.status import ObjectStatus
from agent.simulator.whatif.answer import Standing
from agent.simulator.whatif.census import Counted
from agent.simulator.whatif.promises import budgeted, promised
from agent.simulator.whatif.watch import Watch

_LASTING: Final = frozenset({"Pod", "Deployment", "ReplicaSet", "StatefulSet", "DaemonSet"})


class Availability:
    """How many pods of every workload, and of every budget, are ready, against what was promised of them."""

    def __init__(self) -> None:
        self._watches: dict[ObjectKey, Watch] = {}

    def take(
        self, now: float, fleet: Fleet, statuses: Iterable[ObjectStatus], pods: Sequence[Counted]
    ) -> tuple[tuple[Watch, bool], ...]:
        """Take in how things are; return what became short of pods just now (True), or is no more so.

        Whoever writes a budget says how many pods may be away, of all the workloads that it is about.
        """
        ready = Counter(pod.owner for pod in pods if pod.ready)
        wanted = {one.key: one.wanted for one in statuses if one.key.kind in _LASTING}
        turned = []
        allowed: dict[ObjectKey, int] = {}
        for key, declared in fleet.objects.items():
            if isinstance(declared.body, PodDisruptionBudget):
                mine = _selected(declared.body, key.namespace, pods)
                level = _level(declared.body, wanted, mine)
                for owner in {pod.owner for pod in mine}:
                    allowed[owner] = min(level[0] - level[1], allowed.get(owner, level[0]))
                turned += self._one(now, key, lenient=False, level=level)
        for key, most in wanted.items():
            workload = fleet.objects.get(key)
            if workload is not None:
                least = promised(workload.body, most)
                excused = max(0, least - most + allowed.get(key, 0))
                turned += self._one(now, key, lenient=True, level=(most, least, ready[key]), excused=excused)
        for key in sorted(self._watches.keys() - fleet.objects.keys()):
            del self._watches[key]
        return tuple(turned)

    def strike(self, pods: Iterable[Counted]) -> None:
        """Hear which pods a host takes with it."""
        for owner, number in Counter(pod.owner for pod in pods if pod.ready).items():
            if owner in self._watches:
                self._watches[owner].strike(number)

    def standings(self, end: float) -> tuple[Standing, ...]:
        """Return how everything stands in the end, by key."""
        return tuple(watch.standing(end) for _, watch in sorted(self._watches.items()))

    def _one(
        self, now: float, key: ObjectKey, *, lenient: bool, level: tuple[int, int, int], excused: int = 0
    ) -> list[tuple[Watch, bool]]:
        watch = self._watches.setdefault(key, Watch(key, lenient=lenient))
        before = watch.short_since
        watch.take(now, wanted=level[0], promised=level[1], ready=level[2], excused=excused)
        after = watch.short_since
        return [(watch, after is not None)] if (before is None) != (after is None) else []


def _selected(budget: PodDisruptionBudget, namespace: str, pods: Iterable[Counted]) -> Sequence[Counted]:
    selector = budget.spec.selector
    return [
        pod for pod in pods if pod.namespace == namespace and selector is not None and selects(selector, pod.labels)
    ]


def _level(
    budget: PodDisruptionBudget, wanted: Mapping[ObjectKey, int], mine: Sequence[Counted]
) -> tuple[int, int, int]:
    """Return how many pods a budget is about, how many of them have to be ready, and how many are.

    It is about the pods of all workloads of which it selects one; of several templates, all have the labels or none.
    """
    expected = sum(wanted.get(owner, 0) for owner in sorted({pod.owner for pod in mine}))
    return expected, budgeted(budget.spec, expected), sum(1 for pod in mine if pod.ready)
