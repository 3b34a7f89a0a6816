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


class Dns(Value, frozen=True, kw_only=True):
    """A resolv.conf: nameservers, search domains, options as written (``ndots:5``)."""

    servers: tuple[str, ...] = ()
    searches: tuple[str, ...] = ()
    options: tuple[str, ...] = ()


class Namespaces(Value, frozen=True, kw_only=True):
    """Which namespaces are shared, and with whom. ``users`` False maps the pod's users to others of the host."""

    network: Literal["pod", "host"] = "pod"
    pid: Literal["container", "pod", "host"] = "container"
    ipc: Literal["pod", "host"] = "pod"
    users: Literal["host", "pod"] = "host"
    user_mapping: tuple[int, int] | None = None
    """With ``users`` "pod": the first host id and the count of ids that the pod's ids from 0 on are mapped to."""


class Profile(Value, frozen=True, kw_only=True):
    """A seccomp or AppArmor profile; ``localhost`` is a path (seccomp) or the name of a loaded one (AppArmor)."""

    type: Literal["runtime-default", "unconfined", "localhost"] = "unconfined"
    localhost: str = ""


class SelinuxLabel(Value, frozen=True, kw_only=True):
    """An SELinux label; empty parts are the runtime's choice."""

    user: str = ""
    role: str = ""
    type: str = ""
    level: str = ""


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
    privileged: bool = False
    namespaces: Namespaces = Namespaces()
    dns: Dns | None = None
    """None lets the runtime copy the host's resolv.conf."""
    sysctls: Mapping[str, str] = {}
    supplemental_groups: tuple[int, ...] = ()
    run_as_user: int | None = None
    run_as_group: int | None = None
    selinux: SelinuxLabel | None = None
    runtime_handler: str = ""
    """The runtime of containerd's configuration; empty is its default."""

    @property
    def host_network(self) -> bool:
        """Whether the pod lives in the host's own network."""
        return self.namespaces.network == "host"


class EnvValue(Value, frozen=True, kw_only=True):
    """One variable of a container's environment, expanded."""

    name: str
    value: Text


class Mount(Value, frozen=True, kw_only=True, order=True):
    """A path of the host in a container."""

    container_path: str
    host_path: str
    readonly: bool = False
    propagation: Literal["private", "host-to-container", "bidirectional"] = "private"
    recursive_read_only: bool = False
    image: str = ""
    """Mount this image's content instead of ``host_path``."""
    volume: str = ""
    """The root of the volume when ``host_path`` is a path inside it (``subPath``), which must not lead out of it."""


class HugepageLimit(Value, frozen=True, kw_only=True, order=True):
    """Bytes of huge pages of one size (``2MB``, as the kernel names it)."""

    page_size: str
    limit: int


class LinuxResources(Value, frozen=True, kw_only=True):
    """cgroup settings; 0 means unset. CPU shares and quota as a kubelet computes them, memory in bytes."""

    cpu_period: int = 0
    cpu_quota: int = 0
    cpu_shares: int = 0
    memory_limit_in_bytes: int = 0
    oom_score_adj: int = 0
    hugepage_limits: tuple[HugepageLimit, ...] = ()
    unified: Mapping[str, str] = {}
    """Settings of cgroup v2 by file name."""


class ContainerSecurity(Value, frozen=True, kw_only=True):
    """Privileges of a container. ``None`` leaves the image's or the runtime's default."""

    privileged: bool = False
    readonly_rootfs: bool = False
    run_as_user: int | None = None
    run_as_group: int | None = None
    no_new_privs: bool = False
    add_capabilities: tuple[str, ...] = ()
    drop_capabilities: tuple[str, ...] = ()
    namespaces: Namespaces = Namespaces()
    run_as_username: str = ""
    supplemental_groups: tuple[int, ...] = ()
    supplemental_groups_policy: Literal["merge", "strict"] = "merge"
    seccomp: Profile = Profile()
    apparmor: Profile | None = None
    """None: containerd's own default profile where the host has AppArmor."""
    selinux: SelinuxLabel | None = None
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
    stdin_once: bool = False
    tty: bool = False
    stop_signal: str = ""
    """As Kubernetes names it (``SIGUSR1``); empty is the image's. Only runtimes with the feature take it."""
    resources: LinuxResources = LinuxResources()
    security: ContainerSecurity = ContainerSecurity()
