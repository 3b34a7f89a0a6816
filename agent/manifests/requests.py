"""What a pod's containers ask for, and are limited to, together: exactly as it is written."""

from collections.abc import Mapping
from decimal import Decimal

from agent.model.objects.pod import Container, PodSpec
from agent.model.podresources import at_worst
from agent.model.quantity import parse_quantity


def total_requests(spec: PodSpec) -> Mapping[str, Decimal]:
    """Return the requests of all containers by resource, not rounded; a limit is a request where none is written."""
    return at_worst(spec, _requests)


def total_limits(spec: PodSpec) -> Mapping[str, Decimal]:
    """Return the limits of all containers by resource, not rounded."""
    return at_worst(spec, _limits)


def _limits(container: Container) -> Mapping[str, Decimal]:
    return {name: parse_quantity(quantity) for name, quantity in container.resources.limits.items()}


def _requests(container: Container) -> Mapping[str, Decimal]:
    written = {**container.resources.limits, **container.resources.requests}
    return {name: parse_quantity(quantity) for name, quantity in written.items()}
