"""HorizontalPodAutoscalers and the workloads that they scale: one for each, which can be measured."""

from collections.abc import Iterator

from agent.manifests.explain import nearest
from agent.manifests.node import show_path
from agent.manifests.parsed import ParsedObject
from agent.manifests.templates import pod_spec_of
from agent.manifests.together.index import Index
from agent.manifests.together.problem import problem
from agent.model.objects.autoscaler import HorizontalPodAutoscaler, Metric
from agent.model.objects.meta import ObjectKey
from agent.model.objects.pod import PodSpec
from agent.model.problem import Problem


def check_autoscalers(index: Index, *, whole: bool) -> Iterator[Problem]:
    """Yield autoscalers of a workload that has one already.

    Of a ``whole`` source, which has every LimitRange, also those with metrics that could never be told of its pods.
    """
    first: dict[ObjectKey, ParsedObject] = {}
    for entry in index.objects:
        body = entry.declared.body if entry.declared else None
        if not isinstance(body, HorizontalPodAutoscaler):
            continue
        target = target_of(entry.key.namespace, body)
        other = first.setdefault(target, entry)
        if other.key != entry.key:
            message = f"{target} is scaled by {other.key} already, and two would fight over its replicas"
            hint = "put all metrics into one of them"
            yield problem(entry, "duplicate", message, path="spec.scaleTargetRef", hint=hint, other=other)
        there = index.by_key.get(target)
        workload = there[0] if there else None
        found = pod_spec_of(workload.declared.body) if workload and workload.declared else None
        if whole and workload is not None and found is not None:
            for number, metric in enumerate(body.spec.metrics):
                yield from _measured(entry, metric, found[0], show_path(("spec", "metrics", number)), workload)


def target_of(namespace: str, body: HorizontalPodAutoscaler) -> ObjectKey:
    """Return the workload that an autoscaler scales."""
    reference = body.spec.scale_target_ref
    return ObjectKey(kind=reference.kind, namespace=namespace, name=reference.name)


def _measured(
    entry: ParsedObject, metric: Metric, spec: PodSpec, path: str, workload: ParsedObject
) -> Iterator[Problem]:
    source = metric.resource or metric.container_resource
    if source is None:
        return
    one = metric.container_resource.container if metric.container_resource else None
    lasting = [*spec.containers, *(init for init in spec.init_containers if init.restart_policy == "Always")]
    names = [container.name for container in lasting]
    if one is not None and one not in names:
        message = f"pods of {workload.key} have no container `{one}`{nearest(one, names)}"
        place = f"{path}.containerResource.container"
        yield problem(entry, "unknown-container", message, path=place, other=workload)
        return
    for container in lasting if source.target.type == "Utilization" else ():
        asks = {**container.resources.limits, **container.resources.requests}
        if source.name not in asks and one in (None, container.name) and not _whole_pod_asks(spec, source.name):
            message = (
                f"container {container.name} of {workload.key} requests no {source.name}, so its use is no percentage"
            )
            hint = f"write resources.requests.{source.name} at the container, or a target of type AverageValue"
            yield problem(entry, "bad-reference", message, path=path, hint=hint, other=workload)


def _whole_pod_asks(spec: PodSpec, resource: str) -> bool:
    return spec.resources is not None and resource in spec.resources.requests
