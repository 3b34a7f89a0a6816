"""What a container's live state is called in Kubernetes: state, reasons, how it ended."""

from collections.abc import Mapping
from typing import Final

from msgspec.structs import replace

from agent.model.objects.pod import RestartPolicy
from agent.model.observation import ContainerSeen
from agent.model.plan import Failure
from agent.model.probing import Health
from agent.model.status import ContainerStatus
from agent.planner.backoff import restart_at, retry_at
from agent.planner.health import health_of
from agent.planner.lastwords import exit_reason, last_termination, termination
from agent.planner.restartpolicy import Role, comes_back, role_of

_FAILURE_REASONS: Final = {"runtime": "CreateContainerError", "files": "FailedMount"}


def missing(name: str, role: Role, failure: Failure | None, now: float) -> ContainerStatus:
    """Return the status of a container that is about to be made."""
    status = ContainerStatus(name=name, state="waiting", reason="ContainerCreating", role=role)
    if failure is None:
        return status
    return replace(status, reason=_failure_reason(failure, now), message=failure.message)


def _failure_reason(failure: Failure, now: float) -> str:
    if failure.kind == "image-pull":
        return "ImagePullBackOff" if now < retry_at(failure, now) else "ErrImagePull"
    if failure.kind == "runtime" and "FailedPostStartHook" in failure.message:
        return "PostStartHookError"
    return _FAILURE_REASONS.get(failure.kind, "ContainerCreating")


def initializing(name: str, role: Role) -> ContainerStatus:
    """Return the status of a container whose turn has not come yet."""
    return ContainerStatus(name=name, state="waiting", reason="PodInitializing", role=role)


def gone_by(name: str) -> ContainerStatus:
    """Return the status of an init container that did its work and was removed since."""
    return ContainerStatus(name=name, state="terminated", reason="Completed", role="init", ready=True)


def seen(
    newest: ContainerSeen, policy: RestartPolicy, health: Mapping[str, Health], host_now: float
) -> ContainerStatus:
    """Return the status of a container that is there; ``policy`` is its pod's."""
    config, role = newest.config, role_of(newest.config)
    status = ContainerStatus(
        name=config.name,
        state="running",
        restarts=config.attempt,
        image=config.image,
        image_ref=newest.image_ref,
        role=role,
        last=last_termination(newest),
    )
    match newest.state:
        case "running":
            well = health_of(newest, health)
            ready = well.ready and role != "init"
            return replace(
                status, ready=ready, started=well.started, since=newest.started_at, message=_unwell(well, role)
            )
        case "created":
            return replace(status, state="waiting", reason="ContainerCreating", since=newest.created_at)
        case "unknown":
            return replace(status, state="terminated", reason="ContainerStatusUnknown", exit_code=255)
        case "exited":
            again = comes_back(config, newest.exit_code, policy)
            return _ended(status, newest, crash_loop=again and restart_at(newest, host_now) > host_now)


def _unwell(health: Health, role: Role) -> str:
    """Return what a probe complains of."""
    return "" if role == "init" or (health.ready and not health.failed) else health.message


def _ended(status: ContainerStatus, container: ContainerSeen, *, crash_loop: bool) -> ContainerStatus:
    ended = replace(status, state="terminated", exit_code=container.exit_code, since=container.finished_at)
    reason = exit_reason(container)
    if not crash_loop:
        ready = status.role == "init" and container.exit_code == 0
        return replace(ended, reason=reason, message=container.message, ready=ready)
    said = f": {container.message}" if container.message else ""
    message = f"last ended with {reason}, exit code {container.exit_code}{said}"
    return replace(ended, state="waiting", reason="CrashLoopBackOff", message=message, last=termination(container))
