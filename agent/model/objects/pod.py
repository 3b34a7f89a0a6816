"""Pod and the parts of its spec that this release honours. What is not here, the schemas refuse with its location."""

from collections.abc import Mapping
from typing import Literal

import msgspec

from agent.model.objects.meta import Object, ObjectMeta

Quantity = str | int | float
"""As written: ``500m``, ``1.5``, ``2Gi``. Parsed by ``agent.model.quantity``."""


class KeyRef(Object, frozen=True, kw_only=True):
    """One key of a ConfigMap or Secret."""

    name: str
    key: str
    optional: bool = False


class FieldRef(Object, frozen=True, kw_only=True):
    """A field of the pod itself, by its path (``metadata.name``)."""

    field_path: str
    api_version: Literal["v1"] = "v1"


class EnvVarSource(Object, frozen=True, kw_only=True):
    """Where an environment value comes from: exactly one of the fields."""

    config_map_key_ref: KeyRef | None = None
    secret_key_ref: KeyRef | None = None
    field_ref: FieldRef | None = None


class EnvVar(Object, frozen=True, kw_only=True):
    """One environment variable: ``value`` or ``value_from``."""

    name: str
    value: str = ""
    value_from: EnvVarSource | None = None


class ConfigRef(Object, frozen=True, kw_only=True):
    """A whole ConfigMap or Secret."""

    name: str
    optional: bool = False


class EnvFromSource(Object, frozen=True, kw_only=True):
    """All keys of a ConfigMap or Secret as variables: exactly one of the two references."""

    prefix: str = ""
    config_map_ref: ConfigRef | None = None
    secret_ref: ConfigRef | None = None


class ContainerPort(Object, frozen=True, kw_only=True):
    """A port the container listens on; ``host_port`` publishes it on the host."""

    container_port: int
    name: str = ""
    protocol: Literal["TCP", "UDP", "SCTP"] = "TCP"
    host_port: int = 0
    host_ip: str = msgspec.field(default="", name="hostIP")


class ResourceRequirements(Object, frozen=True, kw_only=True):
    """Quantities of ``cpu`` and ``memory``."""

    limits: Mapping[Literal["cpu", "memory"], Quantity] = {}
    requests: Mapping[Literal["cpu", "memory"], Quantity] = {}


class VolumeMount(Object, frozen=True, kw_only=True):
    """Where a volume of the pod appears in a container."""

    name: str
    mount_path: str
    read_only: bool = False
    sub_path: str = ""


class Capabilities(Object, frozen=True, kw_only=True):
    """Linux capabilities to add to, and drop from, the runtime's defaults; ``ALL`` means every one."""

    add: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()


class SecurityContext(Object, frozen=True, kw_only=True):
    """Privileges of one container."""

    privileged: bool = False
    read_only_root_filesystem: bool = False
    run_as_user: int | None = None
    run_as_group: int | None = None
    allow_privilege_escalation: bool | None = None
    capabilities: Capabilities | None = None


class Container(Object, frozen=True, kw_only=True):
    """One container of a pod."""

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
    volume_mounts: tuple[VolumeMount, ...] = ()
    security_context: SecurityContext | None = None
    stdin: bool = False
    tty: bool = False


class KeyToPath(Object, frozen=True, kw_only=True):
    """One key of a ConfigMap or Secret as a file: ``path`` relative to the volume, ``mode`` its permission bits."""

    key: str
    path: str
    mode: int | None = None


class ConfigMapVolume(Object, frozen=True, kw_only=True):
    """Keys of a ConfigMap as files; all of them without ``items``."""

    name: str
    items: tuple[KeyToPath, ...] = ()
    default_mode: int = 0o644
    optional: bool = False


class SecretVolume(Object, frozen=True, kw_only=True):
    """Keys of a Secret as files, kept in memory on the host; all of them without ``items``."""

    secret_name: str
    items: tuple[KeyToPath, ...] = ()
    default_mode: int = 0o644
    optional: bool = False


class EmptyDirVolume(Object, frozen=True, kw_only=True):
    """A folder that lives as long as the pod; ``Memory`` puts it on a tmpfs."""

    medium: Literal["", "Memory"] = ""


class HostPathVolume(Object, frozen=True, kw_only=True):
    """A path of the host itself. ``type`` as in Kubernetes; empty checks nothing."""

    path: str
    type: Literal["", "DirectoryOrCreate", "Directory"] = ""


class Volume(Object, frozen=True, kw_only=True):
    """A volume of the pod: exactly one source."""

    name: str
    config_map: ConfigMapVolume | None = None
    secret: SecretVolume | None = None
    empty_dir: EmptyDirVolume | None = None
    host_path: HostPathVolume | None = None


class Toleration(Object, frozen=True, kw_only=True):
    """Lets a pod onto hosts with a matching taint."""

    key: str = ""
    operator: Literal["Equal", "Exists"] = "Equal"
    value: str = ""
    effect: Literal["", "NoSchedule", "PreferNoSchedule", "NoExecute"] = ""


class PodSpec(Object, frozen=True, kw_only=True):
    """What runs together on one host."""

    containers: tuple[Container, ...]
    volumes: tuple[Volume, ...] = ()
    restart_policy: Literal["Always", "OnFailure", "Never"] = "Always"
    termination_grace_period_seconds: int = 30
    node_name: str = ""
    node_selector: Mapping[str, str] = {}
    tolerations: tuple[Toleration, ...] = ()
    hostname: str = ""
    host_network: bool = False


class Pod(Object, frozen=True, kw_only=True):
    """A pod that is declared by itself."""

    metadata: ObjectMeta
    spec: PodSpec
    api_version: Literal["v1"] = "v1"
    kind: Literal["Pod"] = "Pod"


class PodTemplateMeta(Object, frozen=True, kw_only=True):
    """``metadata`` of a pod template."""

    labels: Mapping[str, str] = {}
    annotations: Mapping[str, str] = {}


class PodTemplate(Object, frozen=True, kw_only=True):
    """What each pod of a workload looks like."""

    spec: PodSpec
    metadata: PodTemplateMeta = PodTemplateMeta()
