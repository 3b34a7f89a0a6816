"""What the containers of a pod add up to, at the moment when they need most."""

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Final

from agent.model import quantity
from agent.model.objects.pod import Container, PodSpec, Quantity

Amounts = Mapping[str, int]
"""By resource name: CPU in thousandths, everything else whole."""
_NONE: Final[Amounts] = {}

# Pods of a fleet share a few quantities.
milli = lru_cache(maxsize=1024)(quantity.milli)
whole = lru_cache(maxsize=1024)(quantity.whole)


def amounts(written: Mapping[str, Quantity]) -> Amounts:
    """Return quantities as numbers."""
    return {name: milli(amount) if name == "cpu" else whole(amount) for name, amount in written.items()}


def requested(spec: PodSpec) -> Amounts:
    """Return what the containers ask for together; a limit is a request where none is written."""
    return _together(spec, lambda one: amounts({**one.resources.limits, **one.resources.requests}))


def limited(spec: PodSpec) -> Amounts:
    """Return what the containers are limited to together."""
    return _together(spec, lambda one: amounts(one.resources.limits))


def _together(spec: PodSpec, of: Callable[[Container], Amounts]) -> Amounts:
    """Add up as Kubernetes does: an init container runs beside the sidecars before it, main ones beside all of them."""
    sidecars, most = _NONE, _NONE
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


def plus(one: Amounts, other: Amounts) -> Amounts:
    """Return two sets of amounts as one."""
    return {name: one.get(name, 0) + other.get(name, 0) for name in _names(one, other)}


def _most(one: Amounts, other: Amounts) -> Amounts:
    return {name: max(one.get(name, 0), other.get(name, 0)) for name in _names(one, other)}


def _names(*each: Iterable[str]) -> list[str]:
    return sorted({name for names in each for name in names})
