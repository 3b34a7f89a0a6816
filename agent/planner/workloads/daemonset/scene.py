from collections.abc import Iterable, Mapping
from typing import Final, Literal, cast

from agent.model.intstr import resolve
from agent.model.objects.daemonset import DaemonRollingUpdate, DaemonSetSpec
from agent.model.objects.host import Host, Taint
from agent.model.objects.meta import Declared
from agent.planner.live import Live
from agent.planner.scheduler import Demand, evicts, host_labels, mismatch
from agent.planner.template import Template
from agent.planner.workload import Scope

Standing = Literal["wanted", "suffered", "unwanted"]
"""What a host is for a DaemonSet: it should have a pod, or may keep the one that it has, or should have none."""


class OnHost:
    """The pods of a DaemonSet on one host, of older templates those first that are available.

    Those that were sent away before are ``going``.
    """

    def __init__(self) -> None:
        self.newest: list[Live] = []
        self.older: list[Live] = []
        self.going: list[Live] = []


class Scene:
    """What a DaemonSet decides from: its pods by host, and what each host is for it."""

    def __init__(self, scope: Scope) -> None:
        self.template, self.record, self.now = scope.template, scope.rollout, scope.now
        self._earlier: Final = scope.earlier
        self.spec: Final = cast("DaemonSetSpec", scope.template.declared.body.spec)
        self.lost: Final = tuple(pod for pod in scope.live if pod.lost)
        demand = scope.template.demand
        self.standing: Final[Mapping[str, Standing]] = {
            name: _standing(declared, demand) for name, declared in sorted(scope.hosts.items())
        }
        self.wanted: Final = tuple(name for name, standing in self.standing.items() if standing == "wanted")
        self.on: Final = {name: OnHost() for name in self.standing}
        for pod in sorted(scope.live, key=_age):
            if not pod.lost:
                self._sort(pod, leaving=pod.name in scope.memory.leaving)
        for on in self.on.values():
            on.older.sort(key=lambda pod: not self.available(pod))
        self.rolls: Final = self.spec.update_strategy.type == "RollingUpdate"
        rolling = self.spec.update_strategy.rolling_update or DaemonRollingUpdate()
        self.surge: Final = resolve(rolling.max_surge, len(self.wanted), round_up=True)
        most = resolve(rolling.max_unavailable, len(self.wanted), round_up=True)
        self.unavailable: Final = most if most or self.surge else 1

    def _sort(self, pod: Live, *, leaving: bool) -> None:
        on = self.on[pod.host]
        newest = pod.generation == self.template.hash
        (on.going if leaving else on.newest if newest else on.older).append(pod)

    def available(self, pod: Live) -> bool:
        """Tell whether a pod has been ready for minReadySeconds."""
        at = self.available_at(pod)
        return at is not None and at <= self.now

    def available_at(self, pod: Live) -> float | None:
        """Return when a pod is, or was, available if nothing happens to it; None while it is not ready."""
        since = pod.ready_since(self.template.names if pod.generation == self.template.hash else None)
        if since is None:
            return None
        # A clock that was set back is no reason to doubt what runs.
        return since + self.spec.min_ready_seconds if self.spec.min_ready_seconds else min(since, self.now)

    def template_of(self, pod: Live) -> Template | None:
        """Return the older template that a pod was made from, as far as it is known."""
        return self._earlier.get(pod.generation)

    def serves(self, host: str, pods: Iterable[Live] | None = None) -> bool:
        """Tell whether a host has an available pod, to stay, of any template."""
        on = self.on[host]
        return any(map(self.available, (*on.newest, *on.older) if pods is None else pods))


def _age(pod: Live) -> tuple[float, str]:
    return pod.created_at, pod.name


def _standing(declared: Declared[Host], demand: Demand) -> Standing:
    """Follow NodeShouldRunDaemonPod: a taint keeps new pods away, and drives others off only if it is NoExecute."""
    host, name = declared.body, declared.key.name
    if mismatch(demand, name, host_labels(declared)):
        return "unwanted"
    # How long a taint is borne is up to the placement, as it is up to the taint manager in Kubernetes.
    if evicts(host, demand, {}):
        return "unwanted"
    return "suffered" if any(_repels(taint, demand) for taint in host.spec.taints) else "wanted"


def _repels(taint: Taint, demand: Demand) -> bool:
    return taint.effect == "NoSchedule" and not demand.tolerates(taint)
