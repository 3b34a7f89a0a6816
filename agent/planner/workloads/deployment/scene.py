from collections.abc import Sequence
from typing import cast

from msgspec.structs import replace

from agent.model.objects.deployment import DeploymentSpec
from agent.planner.live import Live
from agent.planner.template import Slot
from agent.planner.workload import Scope


class Scene:
    """What a Deployment decides from: its pods, told apart by template, and whether each is ready and available."""

    def __init__(self, scope: Scope) -> None:
        self.template, self.memory, self.now = scope.template, scope.memory, scope.now
        spec = cast("DeploymentSpec", scope.template.declared.body.spec)
        self.spec = spec if scope.replicas is None else replace(spec, replicas=scope.replicas)
        self.lost = [pod for pod in scope.live if pod.lost]
        """Pods whose place others take: they count for nothing, until their host is seen again."""
        self.current: dict[int, Live] = {}
        self.old: list[Live] = []
        self.gone: list[Live] = []
        """Pods that were sent away before. As in Kubernetes there is no way back, also when they are wanted again:
        somebody may have told them to stop, an agent that died since for one, and they only look alive until they do.
        """
        self.vacating: set[int] = set()
        """Slots of the newest template that such pods still hold."""
        for pod in scope.live:
            if pod.lost:
                continue
            newest = pod.generation == self.template.hash and pod.set == self.template.set
            if pod.name in self.memory.leaving:
                self.gone.append(pod)
                if newest:
                    self.vacating.add(pod.slot)
            elif newest:
                self.current[pod.slot] = pod
            else:
                self.old.append(pod)

    def ready(self, pod: Live) -> bool:
        """Tell whether all containers of a pod run."""
        return self.available_at(pod) is not None

    def available(self, pod: Live) -> bool:
        """Tell whether a pod has been ready for minReadySeconds."""
        at = self.available_at(pod)
        return at is not None and at <= self.now

    def present(self, slots: Sequence[Slot]) -> list[Live]:
        """Return the pods that exist in some slots."""
        return [self.current[slot.index] for slot in slots if slot.index in self.current]

    def available_at(self, pod: Live) -> float | None:
        """Return when a pod is, or was, available if nothing happens to it; None while it is not ready."""
        since = pod.ready_since(self.template.names if pod.generation == self.template.hash else None)
        if since is None:
            return None
        # A clock that was set back is no reason to doubt what runs.
        return since + self.spec.min_ready_seconds if self.spec.min_ready_seconds else min(since, self.now)
