"""What a pod's containers ask for together, as the API server adds it up."""

from decimal import Decimal

from agent.model.objects.pod import Container, PodSpec
from agent.model.quantity import parse_quantity


def total_requests(spec: PodSpec) -> dict[str, Decimal]:
    """Return the requests of all containers by resource: what runs at once counts, at its worst moment.

    Main containers and sidecars run together; an init container runs beside the sidecars before it.
    """
    together: dict[str, Decimal] = {}
    worst: dict[str, Decimal] = {}
    for container in spec.init_containers:
        own = requests_of(container)
        if container.restart_policy == "Always":
            together = _sum(together, own)
            worst = _most(worst, together)
        else:
            worst = _most(worst, _sum(together, own))
    for container in spec.containers:
        together = _sum(together, requests_of(container))
    return _most(worst, together)


def requests_of(container: Container) -> dict[str, Decimal]:
    """Return a container's requests, limits standing in for those that are left out."""
    written = {**container.resources.limits, **container.resources.requests}
    return {name: parse_quantity(quantity) for name, quantity in written.items()}


def _sum(first: dict[str, Decimal], second: dict[str, Decimal]) -> dict[str, Decimal]:
    return {name: first.get(name, Decimal()) + second.get(name, Decimal()) for name in sorted({*first, *second})}


def _most(first: dict[str, Decimal], second: dict[str, Decimal]) -> dict[str, Decimal]:
    return {name: max(first.get(name, Decimal()), second.get(name, Decimal())) for name in sorted({*first, *second})}
