"""How important pods are, where only the values of PriorityClasses are known."""

from collections.abc import Mapping
from typing import Final

from agent.model.objects.pod import PodSpec

_CRITICAL: Final = 2_000_000_000
"""Kubernetes: what has at least this priority is never evicted by a host that is short of something."""


def precedence(spec: PodSpec, priorities: Mapping[str, int]) -> int:
    """Return a pod's priority; 0 for a class that nobody declares."""
    return priorities.get(spec.priority_class_name or "", 0)


def critical(spec: PodSpec, priorities: Mapping[str, int]) -> bool:
    """Tell whether a pod is one that its host does not get by without."""
    return precedence(spec, priorities) >= _CRITICAL
