"""What the runtime is told, and what it says it was told: the part of CRI's configuration that trimtab uses.

Desired configuration is rendered into these types by the planner; live configuration is read into the same types by
``agent.hosts``. Comparing the two field by field is the difference that users see. Names follow CRI ``runtime.v1``.
"""

from collections.abc import Mapping
from typing import Literal

from agent.model.value import Text, Value


class PortMapping(Value, frozen=True, kw_only=True, order=True):
    """A port of the sandbox published on the host."""

    container_port: int
    host_port: int
    protocol: Literal["TCP", "UDP", "SCTP"] = "TCP"
    host_ip: str = ""


class SandboxConfig(Value, frozen=True, kw_only=True):
    """What a pod sandbox is made from."""

    name: str
    namespace: str
    uid: str
    attempt: int = 0
    hostname: str = ""
    log_directory: str = ""
    port_mappings: tuple[PortMapping, ...] = ()
    labels: Mapping[str, str] = {}
    annotations: Mapping[str, str] = {}
    cgroup_parent: str = ""
    host_network: bool = False
    privileged: bool = False


class EnvValue(Value, frozen=True, kw_only=True):
    """One variable of a container's environment, expanded."""

    name: str
    value: Text


class Mount(Value, frozen=True, kw_only=True, order=True):
    """A path of the host in a container."""

    container_path: str
    host_path: str
    readonly: bool = False


class LinuxResources(Value, frozen=True, kw_only=True):
    """cgroup settings; 0 means unset. CPU shares and quota as a kubelet computes them, memory in bytes."""

    cpu_period: int = 0
    cpu_quota: int = 0
    cpu_shares: int = 0
    memory_limit_in_bytes: int = 0
    oom_score_adj: int = 0


class ContainerSecurity(Value, frozen=True, kw_only=True):
    """Privileges of a container. ``None`` leaves the image's or the runtime's default."""

    privileged: bool = False
    readonly_rootfs: bool = False
    run_as_user: int | None = None
    run_as_group: int | None = None
    no_new_privs: bool = False
    add_capabilities: tuple[str, ...] = ()
    drop_capabilities: tuple[str, ...] = ()
    host_network: bool = False
    masked_paths: tuple[str, ...] = ()
    readonly_paths: tuple[str, ...] = ()


class ContainerConfig(Value, frozen=True, kw_only=True):
    """What a container is made from. ``image`` is the reference as the manifest writes it."""

    name: str
    attempt: int = 0
    image: str
    command: tuple[Text, ...] = ()
    args: tuple[Text, ...] = ()
    working_dir: str = ""
    envs: tuple[EnvValue, ...] = ()
    mounts: tuple[Mount, ...] = ()
    labels: Mapping[str, str] = {}
    annotations: Mapping[str, str] = {}
    log_path: str = ""
    stdin: bool = False
    tty: bool = False
    resources: LinuxResources = LinuxResources()
    security: ContainerSecurity = ContainerSecurity()
