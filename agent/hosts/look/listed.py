"""What the lists alone tell of sandboxes and containers: all that is asked of those that are not ours."""

from collections.abc import Sequence
from typing import Final, Literal, TypeVar

from agent.hosts.proto import runtime_v1_pb2 as pb
from agent.model.cri import ContainerConfig, ContainerSecurity, SandboxConfig
from agent.model.observation import ContainerSeen, SandboxSeen
from agent.ports import Temporary

NANO: Final = 1e-9
STATES: Final[tuple[Literal["created", "running", "exited", "unknown"], ...]] = (
    "created",
    "running",
    "exited",
    "unknown",
)

Item = TypeVar("Item", pb.PodSandbox, pb.Container, pb.Image)
_MOST: Final = 20_000


def bounded(items: Sequence[Item], *, host: str) -> Sequence[Item]:
    """Return a list that is worth going through. Raises Temporary for one that would take all of our memory."""
    if len(items) > _MOST:
        raise Temporary(
            f"{host}: containerd lists {len(items)} sandboxes, containers or images; at most {_MOST} are looked at",
            hint="see on the host itself what they are: crictl pods, crictl ps -a, crictl images",
        )
    return items


def foreign_sandbox(item: pb.PodSandbox) -> SandboxSeen:
    """Return what the list alone tells of a sandbox: enough for what is not ours."""
    metadata = item.metadata
    return SandboxSeen(
        id=item.id,
        config=SandboxConfig(
            name=metadata.name,
            namespace=metadata.namespace,
            uid=metadata.uid,
            attempt=metadata.attempt,
            labels=dict(item.labels),
            annotations=dict(item.annotations),
        ),
        ready=item.state == pb.SANDBOX_READY,
        created_at=item.created_at * NANO,
    )


def foreign_container(item: pb.Container) -> ContainerSeen:
    """Return what the list alone tells of a container: enough for what is not ours."""
    return ContainerSeen(
        id=item.id,
        sandbox_id=item.pod_sandbox_id,
        config=ContainerConfig(
            name=item.metadata.name,
            attempt=item.metadata.attempt,
            image=item.image.image,
            labels=dict(item.labels),
            annotations=dict(item.annotations),
            security=ContainerSecurity(),
        ),
        state=STATES[item.state],
        created_at=item.created_at * NANO,
        image_ref=item.image_ref,
    )
