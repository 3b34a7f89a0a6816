"""What containers may use, and what is kept for them."""

from collections.abc import Mapping
from typing import Final

from agent.manifests.checks.quantities import check_quantities, value_of
from agent.manifests.checks.unique import check_unique
from agent.manifests.finding import Finding, Findings, Steps
from agent.manifests.requests import total_requests
from agent.model.objects.pod import Container, PodSpec, Quantity, ResourceRequirements
from agent.model.quantity import parse_quantity

_HUGE: Final = "hugepages-"
_OF_BYTES: Final = ("memory", "ephemeral-storage")


def check_resources(container: Container, spec: PodSpec, at: Steps) -> Findings:
    """Yield what is wrong with a container's resources, and with how it takes their change."""
    yield from _requirements(container.resources, (*at, "resources"))
    policies, place = container.resize_policy, (*at, "resizePolicy")
    yield from check_unique(policies, place, lambda policy: policy.resource_name, "resource", "resourceName")
    for index, policy in enumerate(policies):
        if spec.restart_policy == "Never" and policy.restart_policy == "RestartContainer":
            message = "the pod's containers are never restarted (`restartPolicy: Never`)"
            yield Finding((*place, index, "restartPolicy"), "bad-value", message, "write NotRequired")


def check_pod_resources(spec: PodSpec, at: Steps) -> Findings:
    """Yield what is wrong with the resources of a pod as a whole."""
    if spec.resources is None:
        return
    place = (*at, "resources")
    yield from _requirements(spec.resources, place)
    requests = {**spec.resources.limits, **spec.resources.requests}
    for name, asked in total_requests(spec).items():
        kept = value_of(requests[name]) if name in requests else None
        if kept is not None and asked > kept:
            message = (
                f"the containers ask for {asked.normalize():f} of {name} together, more than the pod's {requests[name]}"
            )
            field = "requests" if name in spec.resources.requests else "limits"
            yield Finding((*place, field, name), "bad-value", message)
    for index, container in enumerate(spec.containers):
        for name, limit in container.resources.limits.items():
            most = spec.resources.limits.get(name)
            if most is not None and _more(limit, most):
                message = f"the limit {limit} is more than the pod's, {most}"
                steps = (*at, "containers", index, "resources", "limits", name)
                yield Finding(steps, "bad-value", message, also=(*place, "limits", name))


def _requirements(resources: ResourceRequirements, at: Steps) -> Findings:
    yield from check_quantities(resources.limits, (*at, "limits"))
    yield from check_quantities(resources.requests, (*at, "requests"))
    yield from _less_than_a_byte(resources.limits, (*at, "limits"))
    yield from _less_than_a_byte(resources.requests, (*at, "requests"))
    for name, request in resources.requests.items():
        if name in resources.limits and _more(request, resources.limits[name]):
            message = f"the request {request} is more than the limit {resources.limits[name]}"
            yield Finding((*at, "requests", name), "bad-value", message, also=(*at, "limits", name))
    yield from _huge_pages(resources, at)


def _less_than_a_byte(amounts: Mapping[str, Quantity], at: Steps) -> Findings:
    for name in _OF_BYTES:
        value = value_of(amounts[name]) if name in amounts else None
        if value is not None and 0 < value < 1:
            message = f"{amounts[name]} of {name} is less than a byte: `m` means a thousandth"
            yield Finding((*at, name), "bad-value", message, "write an amount such as 64Mi or 64M")


def _huge_pages(resources: ResourceRequirements, at: Steps) -> Findings:
    huge = {name for name in (*resources.limits, *resources.requests) if name.startswith(_HUGE)}
    for name in sorted(huge):
        limit, request = resources.limits.get(name), resources.requests.get(name)
        if limit is None or (request is not None and value_of(request) != value_of(limit)):
            message = (
                f"huge pages are kept for a container one by one: the limit and the request of {name} are the same"
            )
            field = "requests" if name in resources.requests else "limits"
            yield Finding((*at, field, name), "bad-value", message, "write the limit only")
        elif not _multiple(limit, name.removeprefix(_HUGE)):
            message = f"{limit} is no multiple of the page size, {name.removeprefix(_HUGE)}"
            yield Finding((*at, "limits", name), "bad-value", message)
    if huge and not {"cpu", "memory"} & {*resources.limits, *resources.requests}:
        message = "huge pages need a request of cpu or memory beside them"
        yield Finding(at, "missing-field", message, at_key=True)


def _multiple(quantity: Quantity, size: str) -> bool:
    value, page = value_of(quantity), parse_quantity(size)
    return value is None or (page > 0 and value % page == 0)


def _more(first: Quantity, second: Quantity) -> bool:
    one, other = value_of(first), value_of(second)
    return one is not None and other is not None and one > other
