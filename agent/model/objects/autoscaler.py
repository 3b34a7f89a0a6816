"""HorizontalPodAutoscaler: how many replicas a workload has, by what its pods use or what a metric says."""

from typing import Literal

from agent.model.objects.meta import Object, ObjectMeta
from agent.model.objects.selector import LabelSelector

Quantity = str | int | float


class ScaleTarget(Object, frozen=True, kw_only=True):
    """The workload whose replicas are meant."""

    kind: Literal["Deployment", "StatefulSet", "ReplicaSet"]
    name: str
    api_version: str = ""


class MetricTarget(Object, frozen=True, kw_only=True):
    """What a metric should be: percent of the request, a value, or a value for each pod."""

    type: Literal["Utilization", "Value", "AverageValue"]
    average_utilization: int | None = None
    value: Quantity | None = None
    average_value: Quantity | None = None


class ResourceMetric(Object, frozen=True, kw_only=True):
    """cpu or memory of the pods as a whole."""

    name: Literal["cpu", "memory"]
    target: MetricTarget


class ContainerResourceMetric(Object, frozen=True, kw_only=True):
    """cpu or memory of one container of each pod."""

    name: Literal["cpu", "memory"]
    container: str
    target: MetricTarget


class MetricIdentifier(Object, frozen=True, kw_only=True):
    """A metric of the outside, by its name and labels."""

    name: str
    selector: LabelSelector | None = None


class ExternalMetric(Object, frozen=True, kw_only=True):
    """A metric of the outside."""

    metric: MetricIdentifier
    target: MetricTarget


class Metric(Object, frozen=True, kw_only=True):
    """One metric: the field that ``type`` names is set."""

    type: Literal["Resource", "ContainerResource", "External"]
    resource: ResourceMetric | None = None
    container_resource: ContainerResourceMetric | None = None
    external: ExternalMetric | None = None


class ScalingPolicy(Object, frozen=True, kw_only=True):
    """How far replicas may change within some seconds: by ``value`` pods, or by ``value`` percent."""

    type: Literal["Pods", "Percent"]
    value: int
    period_seconds: int


class ScalingRules(Object, frozen=True, kw_only=True):
    """How one direction behaves. What is None is set by defaulting, but for ``tolerance`` (0.1)."""

    stabilization_window_seconds: int | None = None
    select_policy: Literal["Max", "Min", "Disabled"] | None = None
    policies: tuple[ScalingPolicy, ...] = ()
    tolerance: Quantity | None = None


class ScalingBehavior(Object, frozen=True, kw_only=True):
    """How fast replicas grow and shrink."""

    scale_up: ScalingRules | None = None
    scale_down: ScalingRules | None = None


class AutoscalerSpec(Object, frozen=True, kw_only=True):
    """Between how many replicas a workload has, and by which metrics."""

    scale_target_ref: ScaleTarget
    max_replicas: int
    min_replicas: int = 1
    metrics: tuple[Metric, ...] = ()
    """80 % of the CPU request by defaulting."""
    behavior: ScalingBehavior | None = None


class HorizontalPodAutoscaler(Object, frozen=True, kw_only=True):
    """Sets the replicas of a workload."""

    metadata: ObjectMeta
    spec: AutoscalerSpec
    api_version: Literal["autoscaling/v2"] = "autoscaling/v2"
    kind: Literal["HorizontalPodAutoscaler"] = "HorizontalPodAutoscaler"
