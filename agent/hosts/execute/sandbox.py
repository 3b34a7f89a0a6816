"""Making, stopping and removing pod sandboxes."""

import grpc

from agent.hosts.cri.encode import encode_sandbox
from agent.hosts.cri.errors import is_reserved
from agent.hosts.execute import removing
from agent.hosts.execute.context import Context
from agent.hosts.execute.settling import until_settled
from agent.hosts.proto import runtime_v1_pb2 as pb
from agent.model import labels
from agent.model.action import RemoveSandbox, RunSandbox, StopSandbox
from agent.model.cri import SandboxConfig


def run_sandbox(context: Context, step: RunSandbox) -> None:
    """Make and start the action's sandbox.

    Where an earlier try went on after it was given up, its name is taken: what it made is used when it is whole, and
    cleaned up when it is not.
    """
    message = encode_sandbox(step.config)
    try:
        context.sandbox_id = context.runtime.run_sandbox(message, step.config.runtime_handler)
    except grpc.RpcError as error:
        if not is_reserved(error):
            raise
        left = _left_over(context, step.config)
        if left is None:
            raise
        if left.state == pb.SANDBOX_READY and dict(left.annotations) == dict(step.config.annotations):
            context.sandbox_id = left.id
            return
        context.runtime.stop_sandbox(left.id)
        removing.remove_sandbox(context.runtime, left.id)
        context.sandbox_id = context.runtime.run_sandbox(message, step.config.runtime_handler)


def _left_over(context: Context, config: SandboxConfig) -> pb.PodSandbox | None:
    """Find our own sandbox of that very name."""
    wanted = (config.name, config.namespace, config.uid, config.attempt)
    for item in context.runtime.look_sandboxes().result().items:
        found = item.metadata
        if (found.name, found.namespace, found.uid, found.attempt) == wanted:
            return item if item.labels.get(labels.AGENT) == context.agent else None
    return None


def stop_sandbox(context: Context, step: StopSandbox) -> None:
    """Stop a sandbox; one that is gone is stopped."""
    until_settled(lambda: context.runtime.stop_sandbox(step.sandbox_id))


def remove_sandbox(context: Context, step: RemoveSandbox) -> None:
    """Remove a sandbox; one that is gone is removed."""
    removing.remove_sandbox(context.runtime, step.sandbox_id)
