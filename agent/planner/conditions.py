"""The conditions of a pod, with Kubernetes' types and reasons."""

from collections.abc import Iterable
from typing import Literal

from agent.model.status import ContainerStatus, PodCondition, PodStatus
from agent.model.value import Value


class Circumstances(Value, frozen=True, kw_only=True):
    """What is known of a pod besides its status: whether it got past its init containers, and its readiness gates."""

    initialized: bool
    gates: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()


def conditions(status: PodStatus, around: Circumstances) -> tuple[PodCondition, ...]:
    """Return all conditions of a pod."""
    if status.phase == "Unknown":
        kinds = ("PodScheduled", "Initialized", "ContainersReady", "Ready", *around.gates)
        return tuple(PodCondition(type=kind, status="Unknown", reason=status.reason) for kind in kinds)
    containers = _containers_ready(status)
    place = "" if status.host else "Unschedulable"
    return (
        PodCondition(type="PodScheduled", status=_said(bool(status.host)), reason=place),
        _initialized(status, around),
        containers,
        _ready(containers, around),
        *(PodCondition(type=gate, status=_said(gate not in around.closed)) for gate in around.gates),
    )


def _initialized(status: PodStatus, around: Circumstances) -> PodCondition:
    if around.initialized:
        over = status.phase == "Succeeded"
        return PodCondition(type="Initialized", status="True", reason="PodCompleted" if over else "")
    left = [
        one
        for one in status.init_containers
        if not (one.ready or (one.role == "sidecar" and one.started and one.state == "running"))
    ]
    message = f"containers with incomplete status: {_names(left)}"
    return PodCondition(type="Initialized", status="False", reason="ContainersNotInitialized", message=message)


def _containers_ready(status: PodStatus) -> PodCondition:
    kind = "ContainersReady"
    if status.phase in {"Succeeded", "Failed"}:
        reason = "PodCompleted" if status.phase == "Succeeded" else "PodFailed"
        return PodCondition(type=kind, status="False", reason=reason)
    every = (*(one for one in status.init_containers if one.role == "sidecar"), *status.containers)
    unready = [one for one in every if not one.ready]
    if not unready:
        return PodCondition(type=kind, status="True")
    message = f"containers with unready status: {_names(unready)}"
    return PodCondition(type=kind, status="False", reason="ContainersNotReady", message=message)


def _ready(containers: PodCondition, around: Circumstances) -> PodCondition:
    if containers.status != "True":
        return PodCondition(type="Ready", status="False", reason=containers.reason, message=containers.message)
    if not around.closed:
        return PodCondition(type="Ready", status="True")
    message = "; ".join(f'the readiness gate "{gate}" is not True' for gate in around.closed)
    return PodCondition(type="Ready", status="False", reason="ReadinessGatesNotReady", message=message)


def _names(statuses: Iterable[ContainerStatus]) -> str:
    return f"[{' '.join(one.name for one in statuses)}]"


def _said(truth: bool) -> Literal["True", "False"]:
    return "True" if truth else "False"
