"""How far a rollout is, in kubectl's words, from the status that the agent publishes."""

from agent.model.kindstatus import DaemonSetStatus, DeploymentStatus, StatefulSetStatus
from agent.model.objects.daemonset import DaemonSet
from agent.model.objects.deployment import Deployment
from agent.model.objects.fleet import AnyObject
from agent.model.objects.statefulset import StatefulSet
from agent.model.status import ObjectStatus
from agent.model.value import Value
from agent.ports import Permanent

_UNOBSERVED = "Waiting for {} spec update to be observed..."


class Progress(Value, frozen=True, kw_only=True):
    """What to say; whether the rollout is through; or that it will not get there by itself."""

    message: str
    done: bool = False
    failed: bool = False


def progress(body: AnyObject, status: ObjectStatus | None) -> Progress:
    """Return how far an object's rollout is. Raises Permanent for one that is not rolled out by itself."""
    told = status.status if status else None
    match body, told:
        case Deployment(), DeploymentStatus():
            return _deployment(body, told)
        case StatefulSet(), StatefulSetStatus():
            _refuse_on_delete(body)
            return _stateful_set(body, told)
        case DaemonSet(), DaemonSetStatus():
            _refuse_on_delete(body)
            return _daemon_set(body, told)
        case _:
            return Progress(message=_UNOBSERVED.format(body.kind.lower()))


def _deployment(body: Deployment, status: DeploymentStatus) -> Progress:
    name, wanted, updated = body.metadata.name, body.spec.replicas, status.updated_replicas
    waiting = f'Waiting for deployment "{name}" rollout to finish: '
    if any(one.type == "Progressing" and one.reason == "ProgressDeadlineExceeded" for one in status.conditions):
        return Progress(message=f'deployment "{name}" exceeded its progress deadline', failed=True)
    if updated < wanted:
        return Progress(message=f"{waiting}{updated} out of {wanted} new replicas have been updated...")
    if status.replicas > updated:
        return Progress(message=f"{waiting}{status.replicas - updated} old replicas are pending termination...")
    if status.available_replicas < updated:
        return Progress(message=f"{waiting}{status.available_replicas} of {updated} updated replicas are available...")
    return Progress(message=f'deployment "{name}" successfully rolled out', done=True)


def _stateful_set(body: StatefulSet, status: StatefulSetStatus) -> Progress:
    wanted, updated = body.spec.replicas, status.updated_replicas
    rolling = body.spec.update_strategy.rolling_update
    partition = rolling.partition if rolling else 0
    if status.ready_replicas < wanted:
        return Progress(message=f"Waiting for {wanted - status.ready_replicas} pods to be ready...")
    if partition:
        if updated < wanted - partition:
            told = f"{updated} out of {wanted - partition} new pods have been updated..."
            return Progress(message=f"Waiting for partitioned roll out to finish: {told}")
        return Progress(message=f"partitioned roll out complete: {updated} new pods have been updated...", done=True)
    through = status.update_revision == status.current_revision
    says = "statefulset rolling update complete" if through else "waiting for statefulset rolling update to complete"
    return Progress(message=f"{says} {updated} pods at revision {status.update_revision}...", done=through)


def _daemon_set(body: DaemonSet, status: DaemonSetStatus) -> Progress:
    name, wanted, updated = body.metadata.name, status.desired_number_scheduled, status.updated_number_scheduled
    waiting = f'Waiting for daemon set "{name}" rollout to finish: '
    if updated < wanted:
        return Progress(message=f"{waiting}{updated} out of {wanted} new pods have been updated...")
    if status.number_available < wanted:
        return Progress(message=f"{waiting}{status.number_available} of {wanted} updated pods are available...")
    return Progress(message=f'daemon set "{name}" successfully rolled out', done=True)


def _refuse_on_delete(body: StatefulSet | DaemonSet) -> None:
    if body.spec.update_strategy.type != "RollingUpdate":
        raise Permanent(
            "rollout status is only available for RollingUpdate strategy type",
            hint=f"{body.metadata.name} is updated OnDelete: pods change when somebody deletes them",
        )
