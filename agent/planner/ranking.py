"""Which of several interchangeable pods goes first when there are too many: Kubernetes' ReplicaSet has an order."""

import re
from collections import Counter
from collections.abc import Iterable
from typing import Final

from agent.planner.live import Live
from agent.planner.restartpolicy import role_of

DELETION_COST: Final = "controller.kubernetes.io/pod-deletion-cost"
"""Annotation of a pod: those that cost less go first; 0 where it says nothing, or no number."""
_NUMBER: Final = re.compile(r"-?[0-9]{1,10}")

Rank = tuple[bool, bool, int, int, float, int, float, int, str]


def siblings(pods: Iterable[Live]) -> Counter[str]:
    """Count the pods of one workload on each host."""
    return Counter(pod.host for pod in pods)


def rank(pod: Live, beside: Counter[str]) -> Rank:
    """Return where a pod stands: the lowest goes first.

    Pending ones, then those not ready, those of least deletion cost, with most siblings on their host, that became
    ready last, were restarted most, were made last. What is alike in all this goes from the highest number down.
    """
    since = pod.ready_since()
    return (
        not _pending(pod),
        since is not None,
        _cost(pod),
        -beside[pod.host],
        -(since or 0.0),
        -_restarts(pod),
        -pod.created_at,
        -pod.slot,
        pod.name,
    )


def first_to_go(pods: Iterable[Live], beside: Counter[str]) -> list[Live]:
    """Return pods in the order in which they would go."""
    return sorted(pods, key=lambda pod: rank(pod, beside))


def _pending(pod: Live) -> bool:
    """Tell whether some main container has never run. A pod that only memory tells of may have."""
    if pod.observed is None:
        return False
    main = [pod.observed.current[name] for name in pod.names]
    return not main or any(one.state == "created" for one in main)


def _cost(pod: Live) -> int:
    written = pod.observed.sandbox.config.annotations.get(DELETION_COST, "") if pod.observed else ""
    return int(written) if _NUMBER.fullmatch(written) else 0


def _restarts(pod: Live) -> int:
    if pod.observed is None:
        return 0
    found = (containers[0] for containers in pod.observed.containers.values())
    return max((one.config.attempt for one in found if role_of(one.config) in {"main", "sidecar"}), default=0)
