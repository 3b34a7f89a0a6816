"""cgroup settings from quantities, as a kubelet computes them."""

from functools import lru_cache
from typing import Final

from agent.model import quantity
from agent.model.cri import LinuxResources
from agent.model.objects.pod import Container, PodSpec, ResourceRequirements

_PERIOD: Final = 100_000
_SMALLEST_QUOTA: Final = 1_000
_FEWEST_SHARES: Final = 2
_MOST_SHARES: Final = 262_144
_GUARANTEED: Final = -997
_BEST_EFFORT: Final = 1000

# Pods of a fleet share a few quantities.
milli = lru_cache(maxsize=1024)(quantity.milli)
whole = lru_cache(maxsize=1024)(quantity.whole)


def linux_resources(container: Container, spec: PodSpec, memory_bytes: int) -> LinuxResources:
    """Return a container's cgroup settings; ``memory_bytes`` is the host's memory, 0 when unknown."""
    limits, requests = container.resources.limits, container.resources.requests
    cpu_limit = milli(limits.get("cpu", 0))
    cpu_request = milli(requests["cpu"]) if "cpu" in requests else cpu_limit
    return LinuxResources(
        cpu_period=_PERIOD if cpu_limit else 0,
        cpu_quota=max(cpu_limit * _PERIOD // 1000, _SMALLEST_QUOTA) if cpu_limit else 0,
        cpu_shares=cpu_shares(cpu_request),
        memory_limit_in_bytes=whole(limits.get("memory", 0)),
        oom_score_adj=_oom_score_adj(container.resources, spec, memory_bytes),
    )


def cpu_shares(millis: int) -> int:
    """Return the cgroup weight of a CPU request."""
    return min(max(millis * 1024 // 1000, _FEWEST_SHARES), _MOST_SHARES)


def _oom_score_adj(resources: ResourceRequirements, spec: PodSpec, memory_bytes: int) -> int:
    """Return how willingly the kernel ends a container when memory runs out: from the pod's QoS class."""
    every = [container.resources for container in spec.containers]
    if all(_guaranteed(one) for one in every):
        return _GUARANTEED
    if not any(_amounts(one) for one in every):
        return _BEST_EFFORT
    request = whole(resources.requests.get("memory", resources.limits.get("memory", 0)))
    if not memory_bytes:
        return 999
    return min(max(1000 - 1000 * request // memory_bytes, 3), 999)


def _guaranteed(resources: ResourceRequirements) -> bool:
    return all(
        milli(resources.limits.get(name, 0)) > 0
        and milli(resources.requests.get(name, resources.limits.get(name, 0))) == milli(resources.limits.get(name, 0))
        for name in ("cpu", "memory")
    )


def _amounts(resources: ResourceRequirements) -> bool:
    return any(milli(written) > 0 for part in (resources.limits, resources.requests) for written in part.values())
