"""Containers of a pod."""

from collections.abc import Mapping
from typing import Literal

import msgspec

from agent.model.objects.meta import Object
from agent.model.objects.pod.env import EnvFromSource, EnvVar
from agent.model.objects.pod.handler import Lifecycle, Probe
from agent.model.objects.pod.security import SecurityContext
from agent.model.objects.pod.volume import Quantity, VolumeMount

RestartPolicy = Literal["Always", "OnFailure", "Never"]


class ContainerPort(Object, frozen=True, kw_only=True):
    """A port the container listens on; ``host_port`` publishes it on the host."""

    container_port: int
    name: str = ""
    protocol: Literal["TCP", "UDP", "SCTP"] = "TCP"
    host_port: int = 0
    host_ip: str = msgspec.field(default="", name="hostIP")


class ResourceRequirements(Object, frozen=True, kw_only=True):
    """Quantities of ``cpu``, ``memory``, ``ephemeral-storage`` and ``hugepages-SIZE``."""

    limits: Mapping[str, Quantity] = {}
    requests: Mapping[str, Quantity] = {}


class ResizePolicy(Object, frozen=True, kw_only=True):
    """What a changed resource asks of a running container."""

    resource_name: Literal["cpu", "memory"]
    restart_policy: Literal["NotRequired", "RestartContainer"]


class ExitCodes(Object, frozen=True, kw_only=True):
    """Which exit codes a rule is for."""

    operator: Literal["In", "NotIn"]
    values: tuple[int, ...] = ()


class RestartRule(Object, frozen=True, kw_only=True):
    """What happens when a container ends with some exit codes; the first that matches counts."""

    action: Literal["Restart", "RestartAllContainers"]
    exit_codes: ExitCodes | None = None


class Container(Object, frozen=True, kw_only=True):
    """One container of a pod. Among the init containers, one whose ``restart_policy`` is Always is a sidecar."""

    name: str
    image: str
    image_pull_policy: Literal["Always", "IfNotPresent", "Never"] | None = None
    """Set by defaulting: Always for ``:latest`` or no tag without digest, else IfNotPresent."""
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    working_dir: str = ""
    env: tuple[EnvVar, ...] = ()
    env_from: tuple[EnvFromSource, ...] = ()
    ports: tuple[ContainerPort, ...] = ()
    resources: ResourceRequirements = ResourceRequirements()
    resize_policy: tuple[ResizePolicy, ...] = ()
    restart_policy: RestartPolicy | None = None
    restart_policy_rules: tuple[RestartRule, ...] = ()
    volume_mounts: tuple[VolumeMount, ...] = ()
    liveness_probe: Probe | None = None
    readiness_probe: Probe | None = None
    startup_probe: Probe | None = None
    lifecycle: Lifecycle | None = None
    termination_message_path: str = "/dev/termination-log"
    termination_message_policy: Literal["File", "FallbackToLogsOnError"] = "File"
    security_context: SecurityContext | None = None
    stdin: bool = False
    stdin_once: bool = False
    tty: bool = False
