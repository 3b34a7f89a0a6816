"""``status`` of workloads and of what governs them, as Kubernetes writes it: what ``get -o yaml`` shows."""

from collections.abc import Mapping
from typing import Literal

import msgspec


class KindStatus(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True, tag_field="kind"):
    """The base of all of them: camelCase outside, tagged with the kind it is of."""


class Condition(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """One condition of an object. ``since`` is when its status changed last, by the agent's clock; 0 if not known."""

    type: str
    status: Literal["True", "False", "Unknown"]
    reason: str = ""
    message: str = ""
    since: float = 0.0


class DeploymentStatus(KindStatus, frozen=True, kw_only=True, tag="Deployment"):
    """Counts of pods, and the conditions Available, Progressing and ReplicaFailure."""

    replicas: int = 0
    updated_replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    unavailable_replicas: int = 0
    terminating_replicas: int = 0
    revision: int = 0
    conditions: tuple[Condition, ...] = ()


class ReplicaSetStatus(KindStatus, frozen=True, kw_only=True, tag="ReplicaSet"):
    """Counts of pods."""

    replicas: int = 0
    fully_labeled_replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    terminating_replicas: int = 0
    conditions: tuple[Condition, ...] = ()


class StatefulSetStatus(KindStatus, frozen=True, kw_only=True, tag="StatefulSet"):
    """Counts of pods: those of the current revision, and of the one that they are updated to."""

    replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    current_replicas: int = 0
    updated_replicas: int = 0
    current_revision: str = ""
    update_revision: str = ""
    conditions: tuple[Condition, ...] = ()


class DaemonSetStatus(KindStatus, frozen=True, kw_only=True, tag="DaemonSet"):
    """Counts of hosts: that should have the pod, have it, should not have it, have it ready, available, updated."""

    desired_number_scheduled: int = 0
    current_number_scheduled: int = 0
    number_misscheduled: int = 0
    number_ready: int = 0
    number_available: int = 0
    number_unavailable: int = 0
    updated_number_scheduled: int = 0
    conditions: tuple[Condition, ...] = ()


class JobStatus(KindStatus, frozen=True, kw_only=True, tag="Job"):
    """Counts of pods, indexes as ``0-3,7``, times by the agent's clock; conditions Complete, Failed, Suspended."""

    active: int = 0
    ready: int = 0
    terminating: int = 0
    succeeded: int = 0
    failed: int = 0
    completed_indexes: str = ""
    failed_indexes: str = ""
    start_time: float = 0.0
    completion_time: float = 0.0
    conditions: tuple[Condition, ...] = ()


class CronJobStatus(KindStatus, frozen=True, kw_only=True, tag="CronJob"):
    """The jobs that run, when the last one was due, and when the last one succeeded."""

    active: tuple[str, ...] = ()
    last_schedule_time: float = 0.0
    last_successful_time: float = 0.0
    next_schedule_time: float = 0.0


class MetricStatus(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """One metric as it was read last: ``cpu`` at ``62%`` where ``80%`` is asked for."""

    name: str
    current: str
    target: str


class AutoscalerStatus(KindStatus, frozen=True, kw_only=True, tag="HorizontalPodAutoscaler"):
    """Replicas now and as the metrics ask for; conditions AbleToScale, ScalingActive, ScalingLimited."""

    current_replicas: int = 0
    desired_replicas: int = 0
    last_scale_time: float = 0.0
    current_metrics: tuple[MetricStatus, ...] = ()
    conditions: tuple[Condition, ...] = ()


class BudgetStatus(KindStatus, frozen=True, kw_only=True, tag="PodDisruptionBudget"):
    """How many pods are healthy, how many must be, and how many may be taken away now."""

    disruptions_allowed: int = 0
    current_healthy: int = 0
    desired_healthy: int = 0
    expected_pods: int = 0
    conditions: tuple[Condition, ...] = ()


class QuotaStatus(KindStatus, frozen=True, kw_only=True, tag="ResourceQuota"):
    """Quantities by resource name."""

    hard: Mapping[str, str] = {}
    used: Mapping[str, str] = {}


AnyKindStatus = (
    DeploymentStatus
    | ReplicaSetStatus
    | StatefulSetStatus
    | DaemonSetStatus
    | JobStatus
    | CronJobStatus
    | AutoscalerStatus
    | BudgetStatus
    | QuotaStatus
)
