"""What the API server fills into a LimitRange."""

from msgspec.structs import replace

from agent.model.objects.quota import LimitRangeItem, LimitRangeSpec


def default_limit_range(spec: LimitRangeSpec) -> LimitRangeSpec:
    """Return a LimitRange whose bounds of containers say what containers get that write nothing."""
    return replace(spec, limits=tuple(_item(item) if item.type == "Container" else item for item in spec.limits))


def _item(item: LimitRangeItem) -> LimitRangeItem:
    limits = {**item.max, **item.default}
    return replace(item, default=limits, default_request={**item.min, **limits, **item.default_request})
