"""References to fields of the pod itself, and to resources of its containers."""

import re
from collections.abc import Collection
from typing import Final

from agent.manifests.explain import nearest
from agent.manifests.finding import Finding, Findings, Steps
from agent.model.objects.pod import FieldRef, ResourceFieldRef
from agent.model.quantity import parse_quantity

_SUBSCRIPT: Final = re.compile(r"metadata\.(labels|annotations)\['(.+)'\]")
_KEY: Final = re.compile(
    r"([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
)
_OF_CPU: Final = ("1m", "1")
_OF_BYTES: Final = ("1", *(f"1{unit}" for unit in ("k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")))


def check_field(ref: FieldRef, at: Steps) -> Findings:
    """Yield that a label or annotation cannot have the key that is asked for."""
    found = _SUBSCRIPT.fullmatch(ref.field_path)
    if found and not _KEY.fullmatch(found[2]):
        message = f"`{found[2]}` is not the key of a label or annotation"
        yield Finding((*at, "fieldPath"), "bad-value", message)


def check_resource(ref: ResourceFieldRef, containers: Collection[str], at: Steps, *, needs_name: bool) -> Findings:
    """Yield what is wrong with a reference to a resource of one of the pod's containers."""
    if ref.container_name and ref.container_name not in containers:
        message = f"the pod has no container `{ref.container_name}`{nearest(ref.container_name, sorted(containers))}"
        yield Finding((*at, "containerName"), "unknown-container", message)
    if needs_name and not ref.container_name:
        yield Finding((*at, "containerName"), "missing-field", "field `containerName` is missing")
    units = _OF_CPU if ref.resource.endswith(".cpu") else _OF_BYTES
    divisor = parse_quantity(ref.divisor)
    if divisor and divisor not in {parse_quantity(unit) for unit in units}:
        message = f"the unit of {ref.resource} is one of {', '.join(units)}, not `{ref.divisor}`"
        yield Finding((*at, "divisor"), "bad-value", message)
