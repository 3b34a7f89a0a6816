"""What a host has for pods: Kubernetes calls it allocatable."""

from collections.abc import Mapping
from typing import Final

from agent.model.objects.host import HostSpec, Quantity
from agent.model.observation import RuntimeFacts
from agent.model.podrequests import CPU, MEMORY, STORAGE
from agent.model.podresources import Amounts, amounts
from agent.model.value import Value

_PODS: Final = 110


class Allotment(Value, frozen=True, kw_only=True):
    """What a Host's manifest says of that: quantities by resource name."""

    allocatable: Mapping[str, Quantity] = {}
    reserved: Mapping[str, Quantity] = {}


def allotment_of(spec: HostSpec) -> Allotment:
    """Return what a manifest says of what there is for pods."""
    return Allotment(allocatable=spec.allocatable, reserved=spec.reserved)


def capacity(written: Allotment, facts: RuntimeFacts | None) -> Amounts:
    """Return what a host has for pods: what is declared, else what was discovered less what is reserved.

    What is neither declared nor discovered is not there.
    """
    found = {"pods": _PODS}
    if facts is not None:
        found |= {CPU: facts.cpu_millis, MEMORY: facts.memory_bytes, STORAGE: facts.storage_bytes, **facts.hugepages}
    kept = amounts(written.reserved)
    left = {name: max(0, amount - kept.get(name, 0)) for name, amount in found.items()}
    return {**left, **amounts(written.allocatable)}
