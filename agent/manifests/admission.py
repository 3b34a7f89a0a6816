"""What LimitRanges fill into the pods of their namespace, as Kubernetes' admission does with each new pod."""

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from agent.manifests.parsed import ParsedObject
from agent.manifests.templates import pod_spec_of, with_pod_spec
from agent.model.objects.pod import Container, PodSpec, ResourceRequirements
from agent.model.objects.quota import LimitRange, LimitRangeItem


def with_limits(objects: Sequence[ParsedObject]) -> list[ParsedObject]:
    """Return the objects with limits and requests for containers that write none, where a LimitRange has some."""
    defaults = _defaults(objects)
    return [
        _filled(entry, defaults[entry.key.namespace]) if entry.key.namespace in defaults else entry for entry in objects
    ]


def _defaults(objects: Sequence[ParsedObject]) -> Mapping[str, list[LimitRangeItem]]:
    """Return what containers get, by namespace; of several LimitRanges the first by name comes first."""
    found: dict[str, list[LimitRangeItem]] = {}
    for entry in sorted(objects, key=lambda entry: entry.key):
        body = entry.declared.body if entry.declared else None
        if isinstance(body, LimitRange):
            items = [item for item in body.spec.limits if item.default or item.default_request]
            found.setdefault(entry.key.namespace, []).extend(items)
    return {namespace: items for namespace, items in found.items() if items}


def _filled(entry: ParsedObject, items: Sequence[LimitRangeItem]) -> ParsedObject:
    found = pod_spec_of(entry.declared.body) if entry.declared else None
    if entry.declared is None or found is None:
        return entry
    spec = _pod(found[0], items)
    if spec == found[0]:
        return entry
    written = entry.declared.body
    return replace(entry, declared=replace(entry.declared, body=with_pod_spec(written, spec), written=written))


def _pod(spec: PodSpec, items: Sequence[LimitRangeItem]) -> PodSpec:
    return replace(
        spec,
        init_containers=tuple(_container(container, items) for container in spec.init_containers),
        containers=tuple(_container(container, items) for container in spec.containers),
    )


def _container(container: Container, items: Sequence[LimitRangeItem]) -> Container:
    resources = container.resources
    for item in items:
        resources = ResourceRequirements(
            limits={**item.default, **resources.limits}, requests={**item.default_request, **resources.requests}
        )
    return replace(container, resources=resources)
