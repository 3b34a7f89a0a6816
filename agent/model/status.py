"""What becomes of each object, as ``trimtab status`` and ``get`` show it."""

from typing import Literal

from agent.model.objects.meta import ObjectKey, PodKey
from agent.model.value import Value

Phase = Literal["Ready", "Progressing", "Waiting", "Failed"]
PodPhase = Literal["Pending", "Running", "Succeeded", "Failed", "Unknown"]


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
