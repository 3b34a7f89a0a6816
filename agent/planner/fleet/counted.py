"""What Kubernetes would show of a workload: a pod that may be made counts from then on, not from its first container.

So a pod whose image cannot be pulled is one that waits, as with kubectl, and no count changes with each attempt.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from agent.model.kindstatus import (
    AnyKindStatus,
    Condition,
    DaemonSetStatus,
    DeploymentStatus,
    ReplicaSetStatus,
    StatefulSetStatus,
)
from agent.planner.fleet.placement import Placed
from agent.planner.template import Slot
from agent.planner.workload import Claim


def pending(claim: Claim, placed: Placed) -> tuple[Slot, ...]:
    """Return the slots whose pod may be there and is not; no quota keeps it from being made."""
    if len(claim.current) == len(claim.now):
        return ()
    there = {pod.key for pod in claim.current}
    return tuple(slot for slot in claim.now if slot.key not in there and slot.key not in placed.forbidden)


def newest(claim: Claim, slots: Sequence[Slot]) -> int:
    """Count the slots that are of a workload's newest template."""
    return sum(claim.template_of(slot).hash == claim.template.hash for slot in slots)


def kind_status(claim: Claim, placed: Placed, slots: Sequence[Slot]) -> AnyKindStatus | None:
    """Return the status of a workload with its pending slots, and with the pods that a quota keeps out."""
    status = claim.status
    if not (slots or placed.forbidden):
        return status
    match status:
        case DeploymentStatus():
            return replace(
                status,
                replicas=status.replicas + len(slots),
                updated_replicas=status.updated_replicas + newest(claim, slots),
                conditions=(*status.conditions, *_kept_out(claim, placed)),
            )
        case ReplicaSetStatus():
            return replace(
                status,
                replicas=status.replicas + len(slots),
                fully_labeled_replicas=status.fully_labeled_replicas + newest(claim, slots),
                conditions=(*status.conditions, *_kept_out(claim, placed)),
            )
        case StatefulSetStatus():
            current = sum(claim.template_of(slot).set == status.current_revision for slot in slots)
            return replace(
                status,
                replicas=status.replicas + len(slots),
                current_replicas=status.current_replicas + current,
                updated_replicas=status.updated_replicas + newest(claim, slots),
            )
        case DaemonSetStatus():
            there = {pod.host for pod in (*claim.current, *claim.kept, *(one.pod for one in claim.leaving))}
            return replace(
                status,
                current_number_scheduled=status.current_number_scheduled
                + sum(slot.host not in there for slot in slots),
                updated_number_scheduled=status.updated_number_scheduled + newest(claim, slots),
            )
        case _:
            return status


def _kept_out(claim: Claim, placed: Placed) -> tuple[Condition, ...]:
    kept_out = next((slot.key for slot in claim.now if slot.key in placed.forbidden), None)
    if kept_out is None:
        return ()
    message = f'pods "{kept_out.name}" is forbidden: {placed.forbidden[kept_out]}'
    return (Condition(type="ReplicaFailure", status="True", reason="FailedCreate", message=message),)
