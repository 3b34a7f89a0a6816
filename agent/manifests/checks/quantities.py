"""Amounts of resources, as Kubernetes bounds them."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from agent.manifests.finding import Finding, Findings, Steps
from agent.model.objects.pod import Quantity
from agent.model.quantity import parse_quantity

_LARGEST: Final = Decimal(2**63 - 1)


def value_of(quantity: Quantity) -> Decimal | None:
    """Return an amount's exact value, or None where it is none that Kubernetes keeps exactly."""
    try:
        value = parse_quantity(quantity)
    except ValueError:
        return None
    return value if value <= _LARGEST else None


def check_quantities(quantities: Mapping[str, Quantity], at: Steps) -> Findings:
    """Yield amounts that are too large, or too small, to be held."""
    for name, quantity in quantities.items():
        if value_of(quantity) is None:
            message = f"`{quantity}` is not an amount that Kubernetes can hold"
            yield Finding((*at, name), "bad-value", message, "write an amount such as 500m, 1.5 or 2Gi")
