"""The quality of service of a pod, and how willingly the kernel ends its containers when memory runs out."""

from collections.abc import Mapping, Sequence
from typing import Final

from agent.model.cgroup import QosClass
from agent.model.objects.pod import Container, PodSpec, Quantity, ResourceRequirements
from agent.model.podresources import milli, requested, whole

_GUARANTEED: Final = -997
_BEST_EFFORT: Final = 1000
_BURSTABLE: Final = (3, 999)
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


def qos_of_score(oom_score_adj: int) -> QosClass:
    """Return the class of the pod that a container's score was computed for."""
    if oom_score_adj == _GUARANTEED:
        return "Guaranteed"
    return "BestEffort" if oom_score_adj == _BEST_EFFORT else "Burstable"


def oom_score_adj(container: Container, spec: PodSpec, memory_bytes: int) -> int:
    """Return a container's score from what it asks for; ``memory_bytes`` is the host's memory, 0 when unknown.

    What a pod asks for as a whole, beyond what its containers ask for, is shared among them. A sidecar is not ended
    before the main container that asks for least.
    """
    quality = qos_class(spec)
    if quality != "Burstable":
        return _GUARANTEED if quality == "Guaranteed" else _BEST_EFFORT
    least, most = _BURSTABLE
    if not memory_bytes:
        return most
    share = _share_of_pod(spec)
    asked = _memory(container) + share
    if container.restart_policy == "Always" and container in spec.init_containers:
        asked = max(asked, min((_memory(one) for one in spec.containers), default=0) + share)
    return min(max(1000 - 1000 * asked // memory_bytes, least), most)


def _share_of_pod(spec: PodSpec) -> int:
    of_pod = spec.resources
    if of_pod is None:
        return 0
    asked = whole(of_pod.requests.get("memory", of_pod.limits.get("memory", 0)))
    if not asked:
        return 0
    return max(asked - requested(spec).get("memory", 0), 0) // len(spec.every_container)


def _memory(container: Container) -> int:
    resources = container.resources
    return whole(resources.requests.get("memory", resources.limits.get("memory", 0)))
