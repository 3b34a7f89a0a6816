"""A LimitRange: bounds that leave something between them."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from agent.manifests.checks.quantities import check_quantities, value_of
from agent.manifests.checks.unique import check_unique
from agent.manifests.finding import Finding, Findings, Steps
from agent.model.objects.pod import Quantity
from agent.model.objects.quota import LimitRange, LimitRangeItem

_ORDER: Final = (
    ("min", "max"),
    ("min", "defaultRequest"),
    ("min", "default"),
    ("defaultRequest", "default"),
    ("defaultRequest", "max"),
    ("default", "max"),
)
"""What may not be more than what."""


def check_limit_range(body: LimitRange) -> Findings:
    """Yield what is wrong with a LimitRange."""
    at = ("spec", "limits")
    yield from check_unique(body.spec.limits, at, lambda item: item.type, "type", "type")
    for index, item in enumerate(body.spec.limits):
        yield from _item(item, (*at, index))


def _item(item: LimitRangeItem, at: Steps) -> Findings:
    amounts: dict[str, Mapping[str, Quantity]] = {
        "min": item.min,
        "max": item.max,
        "default": item.default,
        "defaultRequest": item.default_request,
    }
    for field, quantities in (*amounts.items(), ("maxLimitRequestRatio", item.max_limit_request_ratio)):
        yield from check_quantities(quantities, (*at, field))
        yield from _resources(item.type, quantities, (*at, field))
    if item.type != "Container":
        for field in ("default", "defaultRequest"):
            if amounts[field]:
                message = f"only containers get defaults, a {item.type} does not"
                yield Finding((*at, field), "bad-value", message, at_key=True)
    if item.type == "PersistentVolumeClaim" and not {*item.min, *item.max}:
        yield Finding(at, "missing-field", "bounds of claims are a `min` or `max` of storage")
    for low, high in _ORDER:
        yield from _ordered(amounts, low, high, at)
    yield from _ratios(item, at)


def _resources(of: str, quantities: Mapping[str, Quantity], at: Steps) -> Findings:
    for name in quantities:
        if (name == "storage") != (of == "PersistentVolumeClaim"):
            what = "claims ask for `storage` only" if name != "storage" else "only claims ask for `storage`"
            yield Finding((*at, name), "bad-value", what, at_key=True)


def _ordered(amounts: Mapping[str, Mapping[str, Quantity]], low: str, high: str, at: Steps) -> Findings:
    for name, quantity in amounts[low].items():
        least = value_of(quantity)
        most = value_of(amounts[high][name]) if name in amounts[high] else None
        if least is not None and most is not None and least > most:
            message = f"{quantity} of {name} is more than `{high}`, {amounts[high][name]}"
            yield Finding((*at, low, name), "bad-value", message, also=(*at, high, name))


def _ratios(item: LimitRangeItem, at: Steps) -> Findings:
    for name, written in item.max_limit_request_ratio.items():
        ratio, place = value_of(written), (*at, "maxLimitRequestRatio", name)
        least, most = _known(item.min, name), _known(item.max, name)
        if ratio is not None and ratio < 1:
            yield Finding(place, "bad-value", "a limit is never less than the request, so the ratio is at least 1")
        elif ratio is not None and least and most and ratio > most / least:
            yield Finding(place, "bad-value", f"`max` is only {(most / least).normalize():f} times `min`")


def _known(quantities: Mapping[str, Quantity], name: str) -> Decimal | None:
    return value_of(quantities[name]) if name in quantities else None
