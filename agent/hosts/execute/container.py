"""Creating, starting, resizing and removing containers."""

import grpc

from agent.hosts.cri.encode import encode_container, encode_resources, encode_sandbox
from agent.hosts.cri.errors import is_reserved
from agent.hosts.execute import removing
from agent.hosts.execute.context import Context
from agent.hosts.execute.hooks import run_post_start
from agent.hosts.files.subpath import pin_sub_paths
from agent.hosts.proto import runtime_v1_pb2 as pb
from agent.model import labels
from agent.model.action import RemoveContainer, ResizeContainer, StartContainer
from agent.model.cri import ContainerConfig
from agent.model.imageuser import asks_image, root_refusal, with_image_user
from agent.model.podip import with_ips
from agent.ports import Permanent


def start_container(context: Context, step: StartContainer) -> None:
    """Create a container and start it, or start one that an earlier run left created; then run its postStart hook."""
    container_id = step.container_id
    if container_id is None:
        container_id = _create(context, step)
    context.runtime.start_container(container_id)
    if step.post_start is not None:
        run_post_start(context, step, container_id)


def _create(context: Context, step: StartContainer) -> str:
    sandbox_id = context.sandbox(step.sandbox_id)
    asked_for = pin_sub_paths(context.link, _as_user(context, step.config))
    config, sandbox = encode_container(_addressed(context, sandbox_id, asked_for)), encode_sandbox(step.sandbox)
    try:
        return context.runtime.create_container(sandbox_id, config, sandbox)
    except grpc.RpcError as error:
        if not is_reserved(error):
            raise
        left = _left_over(context, sandbox_id, step)
        if left is None:
            raise
        # Created by a call that was given up, and never started: whether it is as wanted is cheaper not to ask.
        removing.remove_container(context.runtime, left)
        return context.runtime.create_container(sandbox_id, config, sandbox)


def _as_user(context: Context, config: ContainerConfig) -> ContainerConfig:
    """Hold a container to who its image runs as, which is known only now that the image is there."""
    if not asks_image(config):
        return config
    user = context.runtime.image_user(config.image)
    if refusal := root_refusal(config, user):
        raise Permanent(refusal, hint="set runAsUser in its securityContext, or take an image with a numeric user")
    return with_image_user(config, user)


def _addressed(context: Context, sandbox_id: str, config: ContainerConfig) -> ContainerConfig:
    """Put the sandbox's addresses in place of their marks; one without marks does not ask for them."""
    return with_ips(config, context.ips(sandbox_id)) if with_ips(config, ()) != config else config


def _left_over(context: Context, sandbox_id: str, step: StartContainer) -> str | None:
    """Find our own container of that very name that never started."""
    for item in context.runtime.look_containers().result().containers:
        same = (item.metadata.name, item.metadata.attempt) == (step.config.name, step.config.attempt)
        ours = item.labels.get(labels.AGENT) == context.agent
        if item.pod_sandbox_id == sandbox_id and same and ours and item.state == pb.CONTAINER_CREATED:
            return item.id
    return None


def resize_container(context: Context, step: ResizeContainer) -> None:
    """Change the limits of a container that runs."""
    try:
        context.runtime.resize_container(step.container_id, encode_resources(step.resources))
    finally:
        context.resized.add(step.container_id)


def remove_container(context: Context, step: RemoveContainer) -> None:
    """Remove a container; one that is gone is removed."""
    removing.remove_container(context.runtime, step.container_id)
