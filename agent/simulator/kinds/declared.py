"""StatefulSets, DaemonSets, jobs and what goes with them, as values; ``manifests`` writes them down."""

from collections.abc import Mapping
from typing import Final, Literal

from agent.model.value import Value

MANY: Final = 1000
"""Failed pods of a job that are never reached."""
Priority = Literal["low", "high", "polite"]
"""The PriorityClasses: pods of ``polite`` come before others, and push none of them out."""


class Set(Value, frozen=True, kw_only=True):
    """A StatefulSet; with ``claims``, each of its pods has a volume. Its budget lets one pod go at a time.

    ``expendable`` volumes go when their ordinals do; ``on_delete`` sets update no pod by themselves.
    """

    replicas: int
    image: str
    parallel: bool = False
    claims: bool = False
    expendable: bool = False
    partition: int = 0
    unavailable: int = 1
    on_delete: bool = False

    def is_due(self, ordinal: int) -> bool:
        """Tell whether a pod is to be of the newest template by itself."""
        return not self.on_delete and ordinal >= self.partition


class Daemon(Value, frozen=True, kw_only=True):
    """A DaemonSet."""

    image: str
    unavailable: int = 1
    surge: int = 0
    on_delete: bool = False


class Work(Value, frozen=True, kw_only=True):
    """A Job, or what a CronJob makes every so many ``minutes``, or at ``at``, in its ``zone``.

    ``policy`` is what a CronJob does about jobs that run already. ``failing`` is what the job does about failed pods:
    nothing special; end at once on exit code 42; not count those that were sent away. ``early`` ends it with its first
    index.
    """

    completions: int
    parallelism: int
    image: str
    indexed: bool = False
    minutes: int = 0
    at: str = ""
    zone: str = "Etc/UTC"
    policy: Literal["Allow", "Forbid", "Replace"] = "Allow"
    suspended: bool = False
    limit: int = MANY
    failing: Literal["counts", "ends", "spares"] = "counts"
    early: bool = False

    @property
    def schedule(self) -> str:
        """When a CronJob makes a job; empty for a Job."""
        return self.at or (f"*/{self.minutes} * * * *" if self.minutes else "")


class Scaled(Value, frozen=True, kw_only=True):
    """A Deployment whose replicas an autoscaler says."""

    image: str
    least: int
    most: int


class Crowd(Value, frozen=True, kw_only=True):
    """A Deployment of pods that fill hosts: each asks for a whole core, with a priority."""

    replicas: int
    image: str
    priority: Priority


class Kinds(Value, frozen=True, kw_only=True):
    """All that one commit declares beside Deployments and Pods, by name.

    ``drained``, ``cordoned`` and ``forgotten`` are hosts, ``cores`` what each has. ``budgets`` are of Deployments: how
    many of their pods have to stay available; those of ``lenient`` ones let pods go that fail, however few are left.
    ``priorities`` are the values of PriorityClasses; ``quota`` is how many pods there may be, ``request`` what a
    LimitRange has containers ask for that say nothing; 0 and empty for none.
    """

    sets: Mapping[str, Set] = {}
    daemons: Mapping[str, Daemon] = {}
    works: Mapping[str, Work] = {}
    scaled: Mapping[str, Scaled] = {}
    crowds: Mapping[str, Crowd] = {}
    drained: tuple[str, ...] = ()
    cordoned: tuple[str, ...] = ()
    forgotten: tuple[str, ...] = ()
    budgets: Mapping[str, int] = {}
    lenient: tuple[str, ...] = ()
    priorities: Mapping[Priority, int] = {}
    cores: int = 16
    quota: int = 0
    request: str = ""

    @property
    def closed(self) -> frozenset[str]:
        """Hosts that take no new pods."""
        return frozenset((*self.drained, *self.cordoned, *self.forgotten))

    def is_too_many(self, name: str, pod: str) -> bool:
        """Tell whether a pod of a set has an ordinal that is not wanted: it goes, whatever the others do."""
        ordinal = pod.rpartition("-")[2]
        return name in self.sets and ordinal.isdigit() and int(ordinal) >= self.sets[name].replicas

    def priority(self, pod: str) -> int:
        """Return the priority of a pod, by its name."""
        crowd = self.crowds.get(pod.partition("-")[0])
        return self.priorities.get(crowd.priority, 0) if crowd is not None else 0
