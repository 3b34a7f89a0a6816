"""cgroup settings of containers from quantities, as a kubelet computes them."""

from collections.abc import Mapping
from typing import Final

from agent.model.cri import HugepageLimit, LinuxResources
from agent.model.objects.pod import Container, PodSpec, Quantity
from agent.model.podresources import milli, whole
from agent.planner.host.rendering.machine import Machine
from agent.planner.host.rendering.qos import oom_score_adj

_PERIOD: Final = 100_000
_SMALLEST_QUOTA: Final = 1_000
_FEWEST_SHARES: Final = 2
_MOST_SHARES: Final = 262_144
_HUGEPAGES: Final = "hugepages-"


def linux_resources(container: Container, spec: PodSpec, on: Machine) -> LinuxResources:
    """Return a container's cgroup settings. Where it has no limit of its own, the pod's as a whole is its limit."""
    of_pod = spec.resources.limits if spec.resources else {}
    limits, requests = {**of_pod, **container.resources.limits}, container.resources.requests
    cpu_limit = milli(limits.get("cpu", 0))
    cpu_request = milli(requests["cpu"]) if "cpu" in requests else cpu_limit
    quota = cpu_quota(cpu_limit)
    return LinuxResources(
        cpu_period=_PERIOD if quota else 0,
        cpu_quota=quota,
        cpu_shares=cpu_shares(cpu_request),
        memory_limit_in_bytes=whole(limits.get("memory", 0)),
        oom_score_adj=oom_score_adj(container, spec, on.memory_bytes),
        hugepage_limits=hugepage_limits(limits, on.hugepages),
        # All processes of a container end together when its memory runs out, as under a kubelet.
        unified={"memory.oom.group": "1"} if on.cgroup_version == 2 else {},
    )


def cpu_shares(millis: int) -> int:
    """Return the cgroup weight of a CPU request."""
    return min(max(millis * 1024 // 1000, _FEWEST_SHARES), _MOST_SHARES)


def cpu_quota(millis: int) -> int:
    """Return the microseconds of each tenth of a second that a CPU limit grants; 0 without a limit."""
    return max(millis * _PERIOD // 1000, _SMALLEST_QUOTA) if millis else 0


def hugepage_limits(
    limits: Mapping[str, Quantity], there: tuple[tuple[str, int], ...] = ()
) -> tuple[HugepageLimit, ...]:
    """Return limits of huge pages by size. Those set aside on the host (``there``) are for who asks for them only."""
    asked = {name: whole(amount) for name, amount in limits.items() if name.startswith(_HUGEPAGES)}
    every = {**{name: 0 for name, amount in there if amount}, **asked}
    return tuple(sorted(HugepageLimit(page_size=_page_size(name), limit=every[name]) for name in every))


def _page_size(resource: str) -> str:
    """Return how the kernel names the page size of ``hugepages-2Mi``: ``2MB``."""
    size = whole(resource.removeprefix(_HUGEPAGES))
    for unit, name in ((1 << 30, "GB"), (1 << 20, "MB"), (1 << 10, "KB")):
        if size >= unit:
            return f"{size // unit}{name}"
    return f"{size}B"
