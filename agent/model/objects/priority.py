from collections.abc import Mapping
from typing import Final, Literal

from agent.model.objects.meta import Object, ObjectMeta

SYSTEM_CLASSES: Final[Mapping[str, int]] = {
    "system-cluster-critical": 2_000_000_000,
    "system-node-critical": 2_000_001_000,
}
"""The classes that Kubernetes has by itself, and their values."""


class PriorityClass(Object, frozen=True, kw_only=True):
    """Which pods come first, and whether they may push others out. ``global_default`` is for pods that name none."""

    metadata: ObjectMeta
    value: int
    global_default: bool = False
    description: str = ""
    preemption_policy: Literal["PreemptLowerPriority", "Never"] = "PreemptLowerPriority"
    api_version: Literal["scheduling.k8s.io/v1"] = "scheduling.k8s.io/v1"
    kind: Literal["PriorityClass"] = "PriorityClass"
