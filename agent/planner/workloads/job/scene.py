"""What a job decides from: its pods, whose place each has, and how those ended that did."""

from typing import Final, NamedTuple, cast

from agent.model.labels import OUT_OF_SERVICE
from agent.model.memory import JobRecord
from agent.model.objects.job import JobSpec
from agent.planner.individual.job import ALIKE
from agent.planner.live import Live
from agent.planner.naming import set_name
from agent.planner.template import Slot
from agent.planner.workload import Scope
from agent.planner.workloads.job.ending import Ending, ending

_DIGITS: Final = 10
"""Kubernetes counts completions in 32 bits."""


class Member(NamedTuple):
    """One pod of the job's template. ``going`` says that it was sent away, by the job or by somebody else."""

    pod: Live
    place: int
    attempt: int
    end: Ending | None
    going: bool

    @property
    def runs(self) -> bool:
        """Whether it runs, or may: a pod that is given up for lost counts for nothing."""
        return self.end is None and not self.pod.lost


class Scene:
    """A job's pods, told apart. ``strangers`` are of an older template, or of no place."""

    def __init__(self, scope: Scope) -> None:
        self.scope, self.template, self.now = scope, scope.template, scope.now
        self.spec = cast("JobSpec", scope.template.declared.body.spec)
        self.indexed = self.spec.completion_mode == "Indexed"
        self.completions = (self.spec.completions or 0) if self.indexed else self.spec.completions
        policy = self.spec.pod_replacement_policy
        self.only_failed = policy == "Failed" or (policy is None and self.spec.pod_failure_policy is not None)
        """Whether a pod that stops is replaced only once it has: there are never two in one place."""
        self.members: list[Member] = []
        self.strangers: list[Live] = []
        memory = scope.memory
        for pod in scope.live:
            found = self._identity(pod)
            if found is None:
                self.strangers.append(pod)
            else:
                going = pod.name in memory.leaving or pod.name in memory.evicted
                self.members.append(Member(pod, *found, ending(pod, scope.template, scope.given), going))

    @property
    def before(self) -> JobRecord | None:
        """What is remembered of the job."""
        return self.scope.job

    def slot(self, place: int, attempt: int) -> Slot:
        """Return the slot for an attempt at a place."""
        if not self.indexed:
            return self.template.named_slot(f"{self.template.set}-{place}", ALIKE)
        return self.template.named_slot(f"{self._stem}{place}-{self.template.hash}-{attempt}", place)

    def taken(self, place: int, attempt: int) -> bool:
        """Tell whether somebody else has declared a pod of that name."""
        return bool(self.scope.taken) and self.slot(place, attempt).name in self.scope.taken

    def gone(self, place: int, attempt: int) -> bool:
        """Tell whether the pod of a place, which is not there, was taken away: it is not just still to be made."""
        name, memory = self.slot(place, attempt).name, self.scope.memory
        host = memory.placements.get(name)
        return name in memory.leaving or name in memory.evicted or (host is not None and host not in self.scope.hosts)

    def given_up(self, pod: Live) -> bool:
        """Tell whether a lost pod's place is open to another.

        Where there must never be two, not before a person has said that its host is off.
        """
        if not pod.lost or not self.only_failed:
            return pod.lost
        return any(one.key == OUT_OF_SERVICE for one in self.scope.hosts[pod.host].body.spec.taints)

    @property
    def _stem(self) -> str:
        return set_name(self.template.declared.key.name, "")

    def _identity(self, pod: Live) -> tuple[int, int] | None:
        """Return the place and the attempt that a pod's name says; None for a pod of another template."""
        if pod.generation != self.template.hash or pod.slot < 0:
            return None
        if not self.indexed:
            return (pod.slot, 0) if pod.set == self.template.set else None
        index = pod.set.removeprefix(self._stem).removesuffix(f"-{self.template.hash}")
        return (int(index), pod.slot) if index.isascii() and index.isdigit() and len(index) <= _DIGITS else None
