"""The QoS class of a pod that runs, as the kernel was told it."""

from typing import Literal

from agent.planner.host.rendering.qos import qos_of_score
from agent.planner.pods import ObservedPod


def qos_seen(pod: ObservedPod | None) -> Literal["", "Guaranteed", "Burstable", "BestEffort"]:
    """Return a pod's QoS class, which all its containers have; empty while there is none."""
    newest = next(iter(pod.current.values()), None) if pod else None
    return "" if newest is None else qos_of_score(newest.config.resources.oom_score_adj)
