"""What the containers of a pod add up to, at the moment when they need most."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import TypeVar

from agent.model import quantity
from agent.model.objects.pod import Container, PodSpec, Quantity

Amounts = Mapping[str, int]
"""By resource name: CPU in thousandths, everything else whole."""
Number = TypeVar("Number", int, Decimal)

# Pods of a fleet share a few quantities.
milli = lru_cache(maxsize=1024)(quantity.milli)
whole = lru_cache(maxsize=1024)(quantity.whole)


def amounts(written: Mapping[str, Quantity]) -> Amounts:
    """Return quantities as numbers."""
    return {name: milli(amount) if name == "cpu" else whole(amount) for name, amount in written.items()}


def requested(spec: PodSpec) -> Amounts:
    """Return what the containers ask for together; a limit is a request where none is written."""
    return at_worst(spec, lambda one: amounts({**one.resources.limits, **one.resources.requests}))


def limited(spec: PodSpec) -> Amounts:
    """Return what the containers are limited to together."""
    return at_worst(spec, lambda one: amounts(one.resources.limits))


def at_worst(spec: PodSpec, of: Callable[[Container], Mapping[str, Number]]) -> Mapping[str, Number]:
    """Add up as Kubernetes does: an init container runs beside the sidecars before it, main ones beside all of them."""
    sidecars: Mapping[str, Number] = {}
    most: Mapping[str, Number] = {}
    for container in spec.init_containers:
        if container.restart_policy == "Always":
            sidecars = plus(sidecars, of(container))
            most = _most(most, sidecars)
        else:
            most = _most(most, plus(sidecars, of(container)))
    together = sidecars
    for container in spec.containers:
        together = plus(together, of(container))
    return _most(most, together)


def plus(one: Mapping[str, Number], other: Mapping[str, Number]) -> Mapping[str, Number]:
    """Return two sets of amounts as one."""
    return {
        name: one[name] + other[name] if name in one and name in other else either for name, either in _both(one, other)
    }


def _most(one: Mapping[str, Number], other: Mapping[str, Number]) -> Mapping[str, Number]:
    return {name: max(one.get(name, either), other.get(name, either)) for name, either in _both(one, other)}


def _both(one: Mapping[str, Number], other: Mapping[str, Number]) -> list[tuple[str, Number]]:
    """Return every name that is in either, sorted, with an amount of it."""
    return sorted({**one, **other}.items())
