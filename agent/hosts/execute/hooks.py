"""Lifecycle hooks: what runs right after a container was started, and before it is stopped."""

from typing import Final

from agent.hosts.execute.context import Context
from agent.hosts.execute.settling import until_settled
from agent.hosts.handlers import run_handler
from agent.model.action import ContainerStop, StartContainer
from agent.ports import Temporary

# Kubernetes sets no limit to a postStart hook. Without any, one that never ends would keep its pod busy for ever.
_POST_START_SECONDS: Final = 600.0
_LOOPBACK: Final = "127.0.0.1"


def run_post_start(context: Context, step: StartContainer, container_id: str) -> None:
    """Run a container's postStart hook; where it fails, stop the container. Raises Temporary then."""
    hook = step.post_start
    if hook is None:
        return
    address = ""
    if hook.http_get is not None:
        # A pod without addresses lives in the host's network.
        address = next(iter(context.ips(context.sandbox(step.sandbox_id))), _LOOPBACK)
    done = run_handler(context, hook, container_id=container_id, address=address, timeout=_POST_START_SECONDS)
    if not done.ok:
        until_settled(lambda: context.runtime.stop_container(container_id, step.grace))
        raise Temporary(f"FailedPostStartHook: container {step.config.name}: {done.message or 'no answer'}")


def run_pre_stop(context: Context, stop: ContainerStop, seconds: float) -> None:
    """Run a container's preStop hook for at most ``seconds``; that it fails keeps nothing from being stopped."""
    if stop.pre_stop is None or seconds <= 0:
        return
    done = run_handler(
        context, stop.pre_stop, container_id=stop.container_id, address=stop.ip or _LOOPBACK, timeout=seconds
    )
    if not done.ok:
        context.warnings.append(f"FailedPreStopHook: container {stop.name}: {done.message or 'no answer'}")
