"""What becomes of each object, as ``trimtab status`` and ``get`` show it."""

from typing import Literal

from agent.model.kindstatus import AnyKindStatus
from agent.model.objects.meta import ObjectKey, PodKey
from agent.model.value import Value

Phase = Literal["Ready", "Progressing", "Waiting", "Failed"]
PodPhase = Literal["Pending", "Running", "Succeeded", "Failed", "Unknown"]


class Termination(Value, frozen=True, kw_only=True):
    """How an attempt of a container ended, in Kubernetes' words: ``OOMKilled``, ``Error``, ``Completed``."""

    exit_code: int = 0
    reason: str = ""
    message: str = ""
    started_at: float = 0.0
    finished_at: float = 0.0


class PodCondition(Value, frozen=True, kw_only=True):
    """One condition of a pod: PodScheduled, Initialized, ContainersReady, Ready, or one of its readiness gates."""

    type: str
    status: Literal["True", "False", "Unknown"]
    reason: str = ""
    message: str = ""


class ContainerStatus(Value, frozen=True, kw_only=True):
    """One container of a pod, in Kubernetes' words."""

    name: str
    state: Literal["waiting", "running", "terminated"]
    ready: bool = False
    restarts: int = 0
    reason: str = ""
    message: str = ""
    exit_code: int = 0
    since: float = 0.0
    image: str = ""
    image_ref: str = ""
    role: Literal["main", "init", "sidecar"] = "main"
    started: bool = False
    """Whether it runs and its startup probe, where it has one, has passed."""
    last: Termination | None = None
    """How the attempt before this one ended; None where none did."""


class PodStatus(Value, frozen=True, kw_only=True):
    """One pod as it is on its host: ``phase`` as Kubernetes names it, ``Unknown`` on an unseen host."""

    key: PodKey
    owner: ObjectKey
    host: str
    phase: PodPhase
    ready: bool
    reason: str = ""
    message: str = ""
    ips: tuple[str, ...] = ()
    created_at: float = 0.0
    containers: tuple[ContainerStatus, ...] = ()
    template_hash: str = ""
    init_containers: tuple[ContainerStatus, ...] = ()
    """In their order, sidecars among them."""
    conditions: tuple[PodCondition, ...] = ()
    qos_class: Literal["", "Guaranteed", "Burstable", "BestEffort"] = ""
    """Empty before there is a container that tells."""
    started_at: float = 0.0
    """When it was first made on its host, by the agent's clock: what its deadline counts from."""
    ready_since: float = 0.0
    """By the agent's clock; 0 while it is not ready."""


class ObjectStatus(Value, frozen=True, kw_only=True):
    """One object: its phase, why, and its pods. Counts are 0 for objects without pods."""

    key: ObjectKey
    phase: Phase
    reason: str = ""
    message: str = ""
    wanted: int = 0
    updated: int = 0
    ready: int = 0
    available: int = 0
    pods: tuple[PodStatus, ...] = ()
    derived: bool = False
    """Made by another object by the clock, as a CronJob's jobs are: nobody waits for it."""
    status: AnyKindStatus | None = None
    """What Kubernetes has under ``status``; None for kinds that have none."""

    @property
    def settled(self) -> bool:
        """Whether the object is as declared, or nobody waits for it."""
        return self.derived or self.phase == "Ready"
