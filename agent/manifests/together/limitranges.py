"""Pods and claims beyond the bounds of a LimitRange of their namespace."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple

from agent.manifests.checks.quantities import value_of
from agent.manifests.claims import claims_of
from agent.manifests.finding import Steps
from agent.manifests.node import show_path
from agent.manifests.parsed import ParsedObject
from agent.manifests.requests import total_limits, total_requests
from agent.manifests.templates import container_steps, pod_spec_of
from agent.manifests.together.index import Index
from agent.manifests.together.problem import problem
from agent.model.objects.pod import Container, Quantity
from agent.model.objects.quota import LimitRange, LimitRangeItem
from agent.model.origin import Location
from agent.model.problem import Problem

Amounts = Mapping[str, Decimal]


class _Asked(NamedTuple):
    """What a container, a pod or a claim asks for, and where it says so."""

    what: str
    requests: Amounts
    limits: Amounts
    steps: Steps
    place: Location | None = None


def check_limit_ranges(index: Index) -> Iterator[Problem]:
    """Yield containers, pods and claims that ask for more or less than a LimitRange allows."""
    ranges: dict[str, list[tuple[ParsedObject, LimitRangeItem]]] = {}
    for entry in index.objects:
        body = entry.declared.body if entry.declared else None
        if isinstance(body, LimitRange):
            ranges.setdefault(entry.key.namespace, []).extend((entry, item) for item in body.spec.limits)
    for entry in index.objects if ranges else ():
        for source, item in ranges.get(entry.key.namespace, ()):
            for asked in _asked(entry, item.type):
                for fault in _faults(asked, item):
                    message = f"{asked.what} {fault} by {source.key}"
                    path = show_path(asked.steps)
                    yield problem(entry, "limit-range", message, path=path, other=source, place=asked.place)


def _asked(entry: ParsedObject, of: str) -> Iterator[_Asked]:
    body = entry.declared.body if entry.declared else None
    if body is None:
        return
    if of == "PersistentVolumeClaim":
        for claim, steps in claims_of(body):
            yield _Asked("the claim", _amounts(claim.resources.requests), {}, (*steps, "resources"))
        return
    found = pod_spec_of(body)
    if found is None:
        return
    spec, at = found
    if of == "Pod":
        yield _Asked("the pod", total_requests(spec), total_limits(spec), at)
        return
    places = zip(spec.every_container, container_steps(spec, at), entry.containers, strict=True)
    for container, steps, place in places:
        yield _of_container(container, steps, place)


def _of_container(container: Container, steps: Steps, place: Location) -> _Asked:
    resources = container.resources
    requests, limits = _amounts(resources.requests), _amounts(resources.limits)
    return _Asked(f"container {container.name}", requests, limits, (*steps, "resources"), place)


def _faults(asked: _Asked, item: LimitRangeItem) -> Iterator[str]:
    requests, limits = asked.requests, asked.limits
    for name, least in _sorted(item.min):
        if name not in requests:
            yield f"asks for no {name}, at least {_shown(least)} is wanted"
        yield from _beyond(asked, name, least, more=False)
    for name, most in _sorted(item.max):
        if name not in limits and item.type != "PersistentVolumeClaim":
            yield f"has no limit of {name}, at most {_shown(most)} is allowed"
        yield from _beyond(asked, name, most, more=True)
    for name, ratio in _sorted(item.max_limit_request_ratio):
        request, limit = requests.get(name), limits.get(name)
        if not request or not limit or limit / request > ratio:
            yield f"needs a limit of {name} that is at most {_shown(ratio)} times its request, as is said"
    for name, usual in _sorted(item.default):
        # A written limit was compared with the request before: this one is the default.
        if limits.get(name) == usual and requests.get(name, usual) > usual:
            yield f"asks for {_shown(requests[name])} of {name}, and has no limit but {_shown(usual)}, which is given"


def _beyond(asked: _Asked, name: str, bound: Decimal, *, more: bool) -> Iterator[str]:
    word = "most" if more else "least"
    for verb, amounts in (("asks for", asked.requests), ("is limited to", asked.limits)):
        if name in amounts and (amounts[name] > bound if more else amounts[name] < bound):
            yield f"{verb} {_shown(amounts[name])} of {name}, at {word} {_shown(bound)} is allowed"


def _sorted(written: Mapping[str, Quantity]) -> list[tuple[str, Decimal]]:
    return sorted(_amounts(written).items())


def _amounts(written: Mapping[str, Quantity]) -> dict[str, Decimal]:
    return {name: value for name, quantity in written.items() if (value := value_of(quantity)) is not None}


def _shown(amount: Decimal) -> str:
    return format(amount.normalize(), "f")
