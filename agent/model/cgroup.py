"""The cgroup of a pod: the parent of its containers' own."""

from typing import Literal

from agent.model.cri import HugepageLimit
from agent.model.value import Value

QosClass = Literal["Guaranteed", "Burstable", "BestEffort"]


class PodCgroup(Value, frozen=True, kw_only=True):
    """``parent`` is its CRI name: a path (cgroupfs), or a slice (systemd). 0 leaves a limit unset.

    On cgroup v2 ``cpu_shares`` are converted to a weight as runc does.
    """

    parent: str
    cpu_shares: int = 0
    cpu_quota: int = 0
    cpu_period: int = 0
    memory_limit_in_bytes: int = 0
    hugepage_limits: tuple[HugepageLimit, ...] = ()
