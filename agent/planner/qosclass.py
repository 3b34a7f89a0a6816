"""The QoS class of a pod that runs, as the kernel was told it."""

from typing import Final, Literal

from agent.planner.pods import ObservedPod

_GUARANTEED: Final = -997
_BEST_EFFORT: Final = 1000


def qos_seen(pod: ObservedPod | None) -> Literal["", "Guaranteed", "Burstable", "BestEffort"]:
    """Return a pod's QoS class, which all its containers have; empty while there is none."""
    newest = next(iter(pod.current.values()), None) if pod else None
    if newest is None:
        return ""
    score = newest.config.resources.oom_score_adj
    return "Guaranteed" if score <= _GUARANTEED else "BestEffort" if score >= _BEST_EFFORT else "Burstable"
