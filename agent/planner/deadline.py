"""activeDeadlineSeconds: how long a pod may be active, counted from when its first sandbox was made."""

from collections.abc import Mapping

from agent.model.labels import DEADLINE, STARTED
from agent.planner.pods import ObservedPod


def deadline(pod: ObservedPod, seconds: int | None) -> float | None:
    """Return when a pod's time is up, on the agent's clock; None for one that may run for ever."""
    if seconds is None:
        return None
    return started_at(pod) + seconds


def started_at(pod: ObservedPod) -> float:
    """Return when a pod's first sandbox was made, by the agent's clock."""
    written = _number(pod.sandbox.config.annotations, STARTED)
    return pod.created_at if written is None else written


def remembered_deadline(pod: ObservedPod) -> int | None:
    """Return how many seconds a pod may be active, as it asked for when it was made."""
    seconds = _number(pod.sandbox.config.annotations, DEADLINE)
    return None if seconds is None else int(seconds)


def exceeded(pod: ObservedPod, at: float | None, now: float, clock_skew: float = 0.0) -> bool:
    """Tell whether a pod was still active when its time was up.

    One whose work was over by then ended by itself; ``clock_skew`` is the host's clock minus ours.
    """
    if at is None or now < at:
        return False
    return not pod.ended or any(one.finished_at - clock_skew >= at for one in pod.current.values())


def _number(annotations: Mapping[str, str], name: str) -> float | None:
    try:
        found = float(annotations.get(name, ""))
    except ValueError:
        return None
    return found if 0 <= found < 1e11 else None
