"""What the API server, and behind it the controller, fill into a HorizontalPodAutoscaler."""

from typing import Final

from msgspec.structs import replace

from agent.model.objects.autoscaler import (
    AutoscalerSpec,
    Metric,
    MetricTarget,
    ResourceMetric,
    ScalingBehavior,
    ScalingPolicy,
    ScalingRules,
)

_CPU: Final = Metric(
    type="Resource",
    resource=ResourceMetric(name="cpu", target=MetricTarget(type="Utilization", average_utilization=80)),
)
_UP: Final = ScalingRules(
    stabilization_window_seconds=0,
    select_policy="Max",
    policies=(
        ScalingPolicy(type="Pods", value=4, period_seconds=15),
        ScalingPolicy(type="Percent", value=100, period_seconds=15),
    ),
)
_DOWN: Final = ScalingRules(
    stabilization_window_seconds=300,
    select_policy="Max",
    policies=(ScalingPolicy(type="Percent", value=100, period_seconds=15),),
)


def default_autoscaler(spec: AutoscalerSpec) -> AutoscalerSpec:
    """Return an autoscaler that says what it measures, and how fast it goes."""
    behavior = spec.behavior or ScalingBehavior()
    behavior = ScalingBehavior(scale_up=_rules(behavior.scale_up, _UP), scale_down=_rules(behavior.scale_down, _DOWN))
    return replace(spec, metrics=spec.metrics or (_CPU,), behavior=behavior)


def _rules(written: ScalingRules | None, usual: ScalingRules) -> ScalingRules:
    if written is None:
        return usual
    window = written.stabilization_window_seconds
    return ScalingRules(
        stabilization_window_seconds=usual.stabilization_window_seconds if window is None else window,
        select_policy=written.select_policy or usual.select_policy,
        policies=written.policies or usual.policies,
        tolerance=written.tolerance,
    )
