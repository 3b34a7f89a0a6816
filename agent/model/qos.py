"""The quality of service of a pod: what follows from what it asks for."""

from collections.abc import Mapping, Sequence
from typing import Final

from agent.model.cgroup import QosClass
from agent.model.objects.pod import PodSpec, Quantity, ResourceRequirements
from agent.model.podresources import milli

_COUNTED: Final = ("cpu", "memory")


def qos_class(spec: PodSpec) -> QosClass:
    """Return a pod's class: what it says for itself as a whole decides, where it says anything."""
    every = _deciding(spec)
    if not any(milli(written) for one in every for part in (one.limits, one.requests) for written in _counted(part)):
        return "BestEffort"
    return "Guaranteed" if all(_guaranteed(one) for one in every) else "Burstable"


def _deciding(spec: PodSpec) -> Sequence[ResourceRequirements]:
    of_pod = spec.resources
    if of_pod is not None and any(_counted(part) for part in (of_pod.limits, of_pod.requests)):
        return (of_pod,)
    return [container.resources for container in spec.every_container]


def _counted(part: Mapping[str, Quantity]) -> list[Quantity]:
    return [part[name] for name in _COUNTED if name in part]


def _guaranteed(resources: ResourceRequirements) -> bool:
    limits, requests = resources.limits, resources.requests
    return all(
        milli(limits.get(name, 0)) > 0 and milli(requests.get(name, limits.get(name, 0))) == milli(limits.get(name, 0))
        for name in _COUNTED
    )
