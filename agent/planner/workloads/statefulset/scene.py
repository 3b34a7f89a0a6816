from typing import Final, cast

from msgspec.structs import replace

from agent.model.intstr import resolve
from agent.model.objects.statefulset import StatefulRollingUpdate, StatefulSetSpec
from agent.planner.live import Live
from agent.planner.naming import parse_ordinal
from agent.planner.template import Template
from agent.planner.workload import Scope


class Scene:
    """What a StatefulSet decides from: its pods by ordinal, and what each is like."""

    def __init__(self, scope: Scope) -> None:
        self.template, self.record, self.now = scope.template, scope.rollout, scope.now
        spec = cast("StatefulSetSpec", scope.template.declared.body.spec)
        self.spec: Final = spec if scope.replicas is None else replace(spec, replicas=scope.replicas)
        first = spec.ordinals.start if spec.ordinals is not None else 0
        self.wanted: Final = range(first, first + self.spec.replicas)
        self.ordered: Final = spec.pod_management_policy == "OrderedReady"
        rolling = spec.update_strategy.rolling_update or StatefulRollingUpdate()
        self.rolls: Final = spec.update_strategy.type == "RollingUpdate"
        self.due: Final = range(first + rolling.partition, self.wanted.stop) if self.rolls else range(0)
        """Ordinals that are to be updated."""
        most = resolve(rolling.max_unavailable or 1, self.spec.replicas, round_up=False)
        self.unavailable: Final = max(1, most)
        self.lost: Final = tuple(pod for pod in scope.live if pod.lost)
        self.pods: Final = {
            parsed[1]: pod for pod in scope.live if not pod.lost and (parsed := parse_ordinal(pod.key.name)) is not None
        }
        self._earlier, self._leaving = scope.earlier, scope.memory.leaving
        times = ((ordinal, self.available_at(pod)) for ordinal, pod in self.pods.items() if not self.going(ordinal))
        self._available: Final = {ordinal for ordinal, at in times if at is not None and at <= self.now}

    def going(self, ordinal: int) -> bool:
        """Tell whether a pod was sent away before. There is no way back: somebody may have told it to stop."""
        pod = self.pods.get(ordinal)
        return pod is not None and pod.name in self._leaving

    def newest(self, ordinal: int) -> bool:
        """Tell whether there is a pod of the newest template."""
        pod = self.pods.get(ordinal)
        return pod is not None and pod.generation == self.template.hash

    def available(self, ordinal: int) -> bool:
        """Tell whether there is a pod, to stay, that has been ready for minReadySeconds."""
        return ordinal in self._available

    def available_at(self, pod: Live) -> float | None:
        """Return when a pod is, or was, available if nothing happens to it; None while it is not ready."""
        since = pod.ready_since(self.template.names if pod.generation == self.template.hash else None)
        if since is None:
            return None
        # A clock that was set back is no reason to doubt what runs.
        return since + self.spec.min_ready_seconds if self.spec.min_ready_seconds else min(since, self.now)

    def missing(self) -> list[int]:
        """Return the wanted ordinals of which there is no pod."""
        return [ordinal for ordinal in self.wanted if ordinal not in self.pods]

    def condemned(self) -> list[int]:
        """Return the ordinals that are not wanted and of which there is a pod, the highest first."""
        return sorted((ordinal for ordinal in self.pods if ordinal not in self.wanted), reverse=True)

    def template_of(self, pod: Live) -> Template | None:
        """Return the older template that a pod was made from, as far as it is known."""
        return self._earlier.get(pod.generation)

    @property
    def current(self) -> Template | None:
        """The template of the last rollout that was through; None when that is the newest, or not known any more."""
        return self._earlier.get(self.record.current) if self.record is not None else None
