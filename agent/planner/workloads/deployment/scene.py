from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple, cast

from msgspec.structs import replace

from agent.model.objects.deployment import DeploymentSpec
from agent.planner.live import Live
from agent.planner.ranking import siblings
from agent.planner.template import Slot, Template
from agent.planner.workload import Scope
from agent.planner.workloads.deployment.bounds import Bounds, bounds


class Older(NamedTuple):
    """An older template with its pods, as an old ReplicaSet of Kubernetes.

    ``template`` is None when nobody knows it any more: then no pod of it is made again. ``size`` is how many pods there
    are to be. ``age`` sorts, the oldest first. Slots in ``held`` are of pods that go or are lost.
    """

    generation: str
    template: Template | None
    pods: Sequence[Live]
    size: int
    held: frozenset[int]
    age: tuple[int, float, str]

    @property
    def changed(self) -> int:
        """How many pods are missing, or were not finished, that would not be of this template if they were made now.

        They would read other variables, which a pod that bears its hash must not have.
        """
        if self.template is None or self.template.again is None:
            return 0
        names = self.template.names
        return max(0, self.size - sum(not pod.lacks(names) for pod in self.pods))


class Scene:
    """What a Deployment decides from: its pods, told apart by template, and whether each is ready and available."""

    def __init__(self, scope: Scope) -> None:
        self.scope, self.template, self.memory, self.now = scope, scope.template, scope.memory, scope.now
        self.record = scope.rollout
        spec = cast("DeploymentSpec", scope.template.declared.body.spec)
        self.spec = spec if scope.replicas is None else replace(spec, replicas=scope.replicas)
        self.current: dict[int, Live] = {}
        self.old: list[Live] = []
        self.gone: list[Live] = []
        """Pods that were sent away before. As in Kubernetes there is no way back, also when they are wanted again:
        somebody may have told them to stop, an agent that died since for one, and they only look alive until they do.
        """
        self.lost: list[Live] = []
        """Pods whose place others take: they count for nothing, until their host is seen again."""
        for pod in scope.live:
            if pod.name in self.memory.leaving:
                self.gone.append(pod)
            elif pod.lost:
                self.lost.append(pod)
            elif pod.planned:
                continue  # its slot has a place, and is filled when there is room for it
            elif self.newest(pod):
                self.current[pod.slot] = pod
            else:
                self.old.append(pod)

    @cached_property
    def limits(self) -> Bounds:
        """How far a rollout may leave the wanted count."""
        return bounds(self.spec)

    @property
    def most(self) -> int:
        """How many pods there may be."""
        return self.spec.replicas + self.limits.surge

    @property
    def least(self) -> int:
        """How many pods are to be available."""
        return self.spec.replicas - self.limits.unavailable

    @cached_property
    def held(self) -> frozenset[int]:
        """Slots of the newest template whose names pods still have that go, or are lost."""
        return frozenset(pod.slot for pod in (*self.gone, *self.lost) if self.newest(pod))

    @cached_property
    def beside(self) -> Counter[str]:
        """How many of its pods are on each host."""
        return siblings((*self.current.values(), *self.old))

    @cached_property
    def back(self) -> int:
        """How many pods were lost, and are seen again."""
        lost = self.memory.lost
        return sum(pod.name in lost for pod in (*self.current.values(), *self.old)) if lost else 0

    @cached_property
    def older(self) -> tuple[Older, ...]:
        """The older templates that are to have pods, the oldest first.

        Pods that would not be the same again are counted with the template that they would be of.
        """
        found = {one.generation: one for one in self._remembered}
        for one in self._remembered:
            if one.template is None or (again := one.template.again) is None or not one.changed:
                continue
            found[one.generation] = one._replace(size=one.size - one.changed)
            if again.hash != self.template.hash:
                heir = found.get(again.hash) or self._older(again.hash, 0, again)._replace(age=one.age)
                found[again.hash] = heir._replace(size=heir.size + one.changed)
        return tuple(sorted((one for one in found.values() if one.size or one.pods), key=lambda one: one.age))

    @cached_property
    def renewed(self) -> int:
        """How many pods of older templates would be of the newest if they were made again."""
        newest = self.template.hash
        return sum(
            one.changed
            for one in self._remembered
            if one.template is not None and one.template.again is not None and one.template.again.hash == newest
        )

    @cached_property
    def _remembered(self) -> Sequence[Older]:
        """The older templates with as many pods as the last plan said; of one that is new to it, all that are there."""
        sizes = self.record.sizes if self.record is not None else {}
        generations = {pod.generation for pod in self.old} | set(sizes)
        older = sorted(generations - {self.template.hash})
        return [self._older(one, sizes.get(one), self.scope.earlier.get(one)) for one in older]

    def _older(self, generation: str, size: int | None, template: Template | None) -> Older:
        pods = [pod for pod in self.old if pod.generation == generation]
        known = self.record is not None and template is not None
        number = 0 if self.record is None else self.record.numbers.get(generation, 0)
        if self.record is not None and self.record.hash == generation:
            number = self.record.revision
        away = (*self.gone, *self.lost) if known else ()
        return Older(
            generation=generation,
            template=template,
            pods=pods,
            size=len(pods) if size is None else size if known else min(size, len(pods)),
            held=frozenset(pod.slot for pod in away if pod.generation == generation),
            age=(number, min((pod.created_at for pod in pods), default=self.now), generation),
        )

    def newest(self, pod: Live) -> bool:
        """Tell whether a pod is of the newest template."""
        return pod.generation == self.template.hash and pod.set == self.template.set

    def ready(self, pod: Live) -> bool:
        """Tell whether all containers of a pod run."""
        return self.available_at(pod) is not None

    def available(self, pod: Live | None) -> bool:
        """Tell whether a pod is there, and has been ready for minReadySeconds."""
        at = self.available_at(pod) if pod is not None else None
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
