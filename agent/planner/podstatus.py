"""What a pod's live state is called in Kubernetes: phase, reasons, restart counts."""

from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from agent.model.objects.meta import ObjectKey, PodKey
from agent.model.observation import ContainerSeen
from agent.model.plan import Failure
from agent.model.status import ContainerStatus, PodPhase, PodStatus
from agent.planner.backoff import restart_at
from agent.planner.pods import ObservedPod, RestartPolicy

_FAILURE_REASONS: Final = {"image-pull": "ImagePullBackOff", "runtime": "CreateContainerError", "files": "FailedMount"}


def exit_reason(container: ContainerSeen) -> str:
    """Return Kubernetes' word for why a container ended."""
    return container.reason or ("Completed" if container.exit_code == 0 else "Error")


def restarts(container: ContainerSeen, policy: RestartPolicy) -> bool:
    """Tell whether an exited container is to be started again."""
    return policy == "Always" or (policy == "OnFailure" and container.exit_code != 0)


def pod_status(
    observed: ObservedPod | None,
    *,
    key: PodKey,
    owner: ObjectKey,
    host: str,
    names: Sequence[str],
    policy: RestartPolicy,
    now: float,
    clock_skew: float = 0.0,
    failure: Failure | None = None,
    unseen: str = "",
    template_hash: str = "",
) -> PodStatus:
    """Return a pod's status from what was seen of it; ``observed`` is None for one that is not there yet.

    ``names`` are the containers it should have. ``unseen`` is why its host cannot be seen: then the phase is Unknown
    and what was last known stands.
    """
    containers = tuple(
        _seen_container(found[0], policy, now + clock_skew)
        if (found := observed.containers.get(name) if observed else None)
        else _missing_container(name, failure)
        for name in names
    )
    phase = _phase(containers, observed, policy)
    problem = next((one for one in containers if one.reason not in {"", "Completed"}), None)
    reason = ""
    message = failure.message if failure else ""
    if problem is not None:
        reason, message = problem.reason, problem.message or message
    if unseen:
        phase, reason, message = "Unknown", "HostUnseen", unseen
    return PodStatus(
        key=key,
        owner=owner,
        host=host,
        phase=phase,
        ready=not unseen and observed is not None and observed.runs(names),
        reason=reason,
        message=message,
        ips=observed.sandbox.ips if observed else (),
        created_at=observed.created_at if observed else 0.0,
        containers=containers,
        template_hash=observed.template_hash if observed else template_hash,
    )


def _phase(containers: tuple[ContainerStatus, ...], observed: ObservedPod | None, policy: RestartPolicy) -> PodPhase:
    """Follow a kubelet's getPhase for pods without init containers."""
    if observed is None or any(one.state == "waiting" and one.reason != "CrashLoopBackOff" for one in containers):
        return "Pending"
    if policy == "Always" or any(one.state != "terminated" for one in containers):
        return "Running"
    if all(one.exit_code == 0 for one in containers):
        return "Succeeded"
    return "Failed" if policy == "Never" else "Running"


def _missing_container(name: str, failure: Failure | None) -> ContainerStatus:
    if failure is None:
        return ContainerStatus(name=name, state="waiting", reason="ContainerCreating")
    reason = _FAILURE_REASONS.get(failure.kind, "ContainerCreating")
    return ContainerStatus(name=name, state="waiting", reason=reason, message=failure.message)


def _seen_container(newest: ContainerSeen, policy: RestartPolicy, host_now: float) -> ContainerStatus:
    status = ContainerStatus(
        name=newest.config.name,
        state="running",
        restarts=newest.config.attempt,
        image=newest.config.image,
        image_ref=newest.image_ref,
    )
    match newest.state:
        case "running":
            return replace(status, ready=True, since=newest.started_at)
        case "created":
            return replace(status, state="waiting", reason="ContainerCreating", since=newest.created_at)
        case "unknown":
            return replace(status, state="terminated", reason="ContainerStatusUnknown", exit_code=255)
        case "exited":
            crash_loop = restarts(newest, policy) and restart_at(newest) > host_now
            return _ended(status, newest, crash_loop=crash_loop)


def _ended(status: ContainerStatus, container: ContainerSeen, *, crash_loop: bool) -> ContainerStatus:
    ended = replace(status, state="terminated", exit_code=container.exit_code, since=container.finished_at)
    reason = exit_reason(container)
    if not crash_loop:
        return replace(ended, reason=reason, message=container.message)
    message = f"last ended with {reason}, exit code {container.exit_code}"
    return replace(ended, state="waiting", reason="CrashLoopBackOff", message=message)
