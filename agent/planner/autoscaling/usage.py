"""What the pods of a target use of a resource, sorted by whether it counts."""

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Final, Literal

from agent.model.labels import CONTAINERS
from agent.model.usage import Load
from agent.planner.autoscaling.replicas import Sample
from agent.planner.deadline import started_at
from agent.planner.live import Live
from agent.planner.pods import ObservedPod
from agent.planner.restartpolicy import role_of

Resource = Literal["cpu", "memory"]

_CPU_INITIALIZATION: Final = 300.0
"""Kubernetes' --horizontal-pod-autoscaler-cpu-initialization-period: a young pod's CPU counts once it is ready."""
_INITIAL_READINESS: Final = 30.0
"""--horizontal-pod-autoscaler-initial-readiness-delay: one that is not ready since then never was."""


def sample(
    pods: Sequence[Live], load: Mapping[str, Load], resource: Resource, now: float, container: str = ""
) -> Sample:
    """Return what pods use, in thousandths; of one container each, when it is named."""
    used: dict[str, int] = {}
    unready, missing = [], []
    for pod in pods:
        observed = pod.observed
        if pod.seen and observed is not None and _pending(pod, observed):
            unready.append(pod.name)
            continue
        measured = load.get(pod.host)
        amount = _amount(observed, measured, resource, container) if pod.seen and observed and measured else None
        if amount is None or observed is None or measured is None:
            missing.append(pod.name)
        elif resource == "cpu" and _unready(pod, observed, measured, now):
            unready.append(pod.name)
        else:
            used[pod.name] = amount
    return Sample(used, tuple(unready), tuple(missing))


def _amount(observed: ObservedPod, measured: Load, resource: Resource, container: str) -> int | None:
    """Add up the containers of a pod that run side by side; None unless every one of them was measured."""
    total = 0.0
    side_by_side = {name: one for name, one in observed.current.items() if role_of(one.config) != "init"}
    if container and container not in side_by_side:
        return None
    amounts: Mapping[str, float] = measured.cpu if resource == "cpu" else measured.memory
    for name, one in side_by_side.items():
        if container in {"", name}:
            if one.state != "running" or one.id not in amounts:
                return None
            total += amounts[one.id]
    # A sum of measurements may be a hair above what was meant.
    return ceil(round(total * 1000, 6)) if side_by_side else None


def _pending(pod: Live, observed: ObservedPod) -> bool:
    """Tell whether a main container of a pod has not been started yet: the pod's phase is Pending."""
    main = [observed.current[name] for name in pod.names]
    asked = observed.sandbox.config.annotations.get(CONTAINERS)
    whole = bool(main) if asked is None else set(asked.split(",")) <= set(pod.names)
    return not whole or any(one.state == "created" for one in main)


def _unready(pod: Live, observed: ObservedPod, measured: Load, now: float) -> bool:
    """Tell whether a pod's CPU says nothing of its work yet: it is starting up."""
    ready_since, started = pod.ready_since(), started_at(observed)
    if now < started + _CPU_INITIALIZATION:
        return ready_since is None or measured.at - measured.window < ready_since
    if ready_since is not None:
        return False
    changes = [observed.health[one.id].since for one in observed.current.values() if one.id in observed.health]
    return max(changes, default=started) < started + _INITIAL_READINESS
