"""A HorizontalPodAutoscaler: its bounds, metrics and pace."""

from typing import Final

from agent.manifests.checks.quantities import check_quantities, value_of
from agent.manifests.checks.selectors import check_selector
from agent.manifests.explain import nearest
from agent.manifests.finding import Finding, Findings, Steps
from agent.model.labels import QUERY
from agent.model.objects.autoscaler import AutoscalerSpec, HorizontalPodAutoscaler, Metric, MetricTarget, ScalingRules
from agent.model.objects.pod import Quantity

_APPS: Final = "apps/v1"
_OF_TYPE: Final = {"Utilization": "averageUtilization", "AverageValue": "averageValue", "Value": "value"}


def check_autoscaler(body: HorizontalPodAutoscaler) -> Findings:
    """Yield what is wrong with a HorizontalPodAutoscaler."""
    spec = body.spec
    if spec.scale_target_ref.api_version != _APPS:
        place = ("spec", "scaleTargetRef", "apiVersion")
        message = f"Kubernetes finds a {spec.scale_target_ref.kind} as `{_APPS}` only"
        yield Finding(place, "wrong-api-version", message, f"write apiVersion: {_APPS}")
    if spec.max_replicas < spec.min_replicas:
        message = f"this is less than minReplicas, {spec.min_replicas}"
        yield Finding(("spec", "maxReplicas"), "bad-value", message)
    for index, metric in enumerate(spec.metrics):
        yield from _metric(metric, ("spec", "metrics", index))
    yield from _behavior(spec, ("spec", "behavior"))
    yield from _queries(body)


def _queries(body: HorizontalPodAutoscaler) -> Findings:
    names = [metric.external.metric.name for metric in body.spec.metrics if metric.external]
    for key, query in body.metadata.annotations.items():
        name, place = key.removeprefix(QUERY), ("metadata", "annotations", key)
        if name != key and name not in names:
            message = f"the autoscaler has no External metric `{name}`{nearest(name, names)}"
            yield Finding(place, "bad-reference", message, "the annotation says what to ask for one", at_key=True)
        elif name != key and not query.strip():
            yield Finding(place, "bad-value", "this is no question", "write PromQL, or remove it", at_key=True)


def _metric(metric: Metric, at: Steps) -> Findings:
    sources = {
        "Resource": ("resource", metric.resource),
        "ContainerResource": ("containerResource", metric.container_resource),
        "External": ("external", metric.external),
    }
    wanted, source = sources[metric.type]
    for field, other in sources.values():
        if other is not None and field != wanted:
            message = f"the metric is of type `{metric.type}`, so only `{wanted}` belongs here"
            yield Finding((*at, field), "one-of", message, at_key=True)
    if source is None:
        yield Finding((*at, wanted), "missing-field", f"the metric is of type `{metric.type}`, so it needs `{wanted}`")
        return
    place = (*at, wanted)
    possible = ("Value", "AverageValue") if metric.external else ("Utilization", "AverageValue")
    yield from _target(source.target, possible, (*place, "target"))
    if metric.external:
        yield from check_selector(metric.external.metric.selector, (*place, "metric", "selector"))


def _target(target: MetricTarget, possible: tuple[str, str], at: Steps) -> Findings:
    if target.type not in possible:
        message = f"the target of this metric is of type {' or '.join(f'`{one}`' for one in possible)}"
        yield Finding((*at, "type"), "bad-value", message)
        return
    quantities: dict[str, Quantity | None] = {"value": target.value, "averageValue": target.average_value}
    given = {**quantities, "averageUtilization": target.average_utilization}
    wanted = _OF_TYPE[target.type]
    if given[wanted] is None:
        yield Finding((*at, wanted), "missing-field", f"a target of type `{target.type}` needs `{wanted}`")
    for field, value in given.items():
        if value is not None and field != wanted:
            message = f"the target is of type `{target.type}`, so only `{wanted}` belongs here"
            yield Finding((*at, field), "one-of", message, at_key=True)
    for field, quantity in quantities.items():
        if quantity is not None:
            yield from check_quantities({field: quantity}, at)
            if value_of(quantity) == 0:
                yield Finding((*at, field), "bad-value", "the target must be more than 0")


def _behavior(spec: AutoscalerSpec, at: Steps) -> Findings:
    rules: dict[str, ScalingRules | None] = {}
    if spec.behavior:
        rules = {"scaleUp": spec.behavior.scale_up, "scaleDown": spec.behavior.scale_down}
    for direction, rule in rules.items():
        if rule and rule.tolerance is not None:
            yield from check_quantities({"tolerance": rule.tolerance}, (*at, direction))
