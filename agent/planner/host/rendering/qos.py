"""How willingly the kernel ends the containers of a pod when memory runs out, by its quality of service."""

from typing import Final

from agent.model.cgroup import QosClass
from agent.model.objects.pod import Container, PodSpec
from agent.model.podresources import requested, whole
from agent.model.qos import qos_class

_GUARANTEED: Final = -997
_BEST_EFFORT: Final = 1000
_BURSTABLE: Final = (3, 999)


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
