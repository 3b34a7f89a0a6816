"""What a pod's containers ask for together, exactly as it is written."""

from collections.abc import Mapping
from decimal import Decimal

from agent.model.objects.pod import Container, PodSpec
from agent.model.podresources import at_worst
from agent.model.quantity import parse_quantity


def total_requests(spec: PodSpec) -> Mapping[str, Decimal]:
    """Return the requests of all containers by resource, not rounded; a limit is a request where none is written."""
    return at_worst(spec, _requests)


def _requests(container: Container) -> Mapping[str, Decimal]:
    written = {**container.resources.limits, **container.resources.requests}
    return {name: parse_quantity(quantity) for name, quantity in written.items()}
