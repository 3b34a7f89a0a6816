"""A world whose pods use what a test says, and short ways to declare autoscalers."""

# ruff: noqa: ANN401 -- the shorthands below pass fields on to typed constructors

from collections.abc import Callable, Mapping
from typing import Any

from msgspec.structs import replace

from agent.manifests.defaults.autoscaling import default_autoscaler
from agent.model.kindstatus import AutoscalerStatus, Condition
from agent.model.objects import ObjectMeta
from agent.model.objects.autoscaler import (
    AutoscalerSpec,
    ExternalMetric,
    HorizontalPodAutoscaler,
    Metric,
    MetricIdentifier,
    MetricTarget,
    ResourceMetric,
    ScaleTarget,
    ScalingBehavior,
    ScalingRules,
)
from agent.model.objects.selector import LabelSelector
from agent.model.observation import last_known
from agent.model.plan import FleetInput, FleetPlan
from agent.model.status import ObjectStatus
from agent.model.usage import Load
from tests.planner.fleet.build import World

EAGER = ScalingBehavior(scale_down=ScalingRules(stabilization_window_seconds=0))
"""Goes down at once."""


def cpu(percent: int = 50) -> Metric:
    target = MetricTarget(type="Utilization", average_utilization=percent)
    return Metric(type="Resource", resource=ResourceMetric(name="cpu", target=target))


def resource(name: Any, each: str) -> Metric:
    target = MetricTarget(type="AverageValue", average_value=each)
    return Metric(type="Resource", resource=ResourceMetric(name=name, target=target))


def external(name: str = "queue", *, value: str | None = None, each: str | None = None, **labels: str) -> Metric:
    target = MetricTarget(type="Value" if value else "AverageValue", value=value, average_value=each)
    metric = MetricIdentifier(name=name, selector=LabelSelector(match_labels=labels) if labels else None)
    return Metric(type="External", external=ExternalMetric(metric=metric, target=target))


def autoscaler(
    *metrics: Metric,
    least: int = 1,
    most: int = 10,
    name: str = "web",
    target: str = "web",
    annotations: Mapping[str, str] | None = None,
    **spec: Any,
) -> HorizontalPodAutoscaler:
    return HorizontalPodAutoscaler(
        metadata=ObjectMeta(name=name, namespace="default", annotations=annotations or {}),
        spec=default_autoscaler(
            AutoscalerSpec(
                scale_target_ref=ScaleTarget(kind="Deployment", name=target),
                min_replicas=least,
                max_replicas=most,
                metrics=metrics or (cpu(),),
                **spec,
            )
        ),
    )


class Busy(World):
    """Hosts on which every running container uses what ``use`` says of its pod: cores, and bytes."""

    def __init__(self, *objects: Any, **more: Any) -> None:
        super().__init__(*objects, **more)
        self.use: Callable[[str], tuple[float, int] | None] = lambda _pod: None
        self.answers: dict[str, float | str] = {}
        self.window = 15.0

    def burn(self, cores: float, memory: int = 0) -> None:
        """Let every container use this."""
        self.use = lambda _pod: (cores, memory)

    def load(self) -> Mapping[str, Load]:
        found = {}
        for host, observation in self.observations.items():
            seen = last_known(observation)
            names = {one.id: one.config.name for one in seen.sandboxes} if seen else {}
            used = {
                one.id: amount
                for one in (seen.containers if seen else ())
                if one.state == "running" and (amount := self.use(names[one.sandbox_id])) is not None
            }
            found[host] = Load(
                at=self.now,
                window=self.window,
                cpu={name: cores for name, (cores, _) in used.items()},
                memory={name: size for name, (_, size) in used.items()},
            )
        return found

    @property
    def given(self) -> FleetInput:
        return replace(super().given, load=self.load(), metrics=self.answers)

    def wait(self, seconds: float = 15.0) -> FleetPlan:
        """Let time pass, and act until all is as it should be."""
        self.now += seconds
        self.settle()
        return self.plan()

    def autoscaler(self, name: str = "web") -> tuple[ObjectStatus, AutoscalerStatus]:
        status = self.status(name, "HorizontalPodAutoscaler")
        assert isinstance(status.status, AutoscalerStatus)
        return status, status.status

    def condition(self, kind: str, name: str = "web") -> Condition:
        return next(one for one in self.autoscaler(name)[1].conditions if one.type == kind)
