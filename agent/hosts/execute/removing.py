"""Removing containers and sandboxes, also where containerd's CRI service has lost sight of what it started.

A start that is cut off with its caller's connection may leave a task behind that the CRI service does not know of;
from then on it refuses to remove the container (https://github.com/containerd/containerd/issues/11037). Such a task
is ended through containerd's own service first.
"""

from collections.abc import Callable

import grpc

from agent.hosts.cri.client import Runtime
from agent.hosts.cri.errors import has_task
from agent.hosts.execute.settling import until_settled


def remove_container(runtime: Runtime, container_id: str) -> None:
    """Remove a container; a running one is killed, one that is gone is removed."""

    def end_task() -> None:
        until_settled(lambda: runtime.kill_task(container_id))
        until_settled(lambda: runtime.delete_task(container_id))

    _remove(lambda: runtime.remove_container(container_id), end_task)


def remove_sandbox(runtime: Runtime, sandbox_id: str) -> None:
    """Remove a stopped sandbox with its containers; one that is gone is removed."""

    def empty() -> None:
        for container in runtime.look_containers().result().containers:
            if container.pod_sandbox_id == sandbox_id:
                remove_container(runtime, container.id)

    _remove(lambda: runtime.remove_sandbox(sandbox_id), empty)


def _remove(call: Callable[[], None], make_way: Callable[[], None]) -> None:
    try:
        until_settled(call)
    except grpc.RpcError as error:
        if not has_task(error):
            raise
        make_way()
        until_settled(call)
