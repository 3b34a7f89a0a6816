"""Volumes of a pod, and where containers see them."""

from collections.abc import Mapping
from typing import Literal

import msgspec

from agent.model.objects.claim import PersistentVolumeClaimSpec
from agent.model.objects.meta import Object
from agent.model.objects.pod.env import FieldRef, ResourceFieldRef

Quantity = str | int | float
"""As written: ``500m``, ``1.5``, ``2Gi``. Parsed by ``agent.model.quantity``."""


class VolumeMount(Object, frozen=True, kw_only=True):
    """Where a volume of the pod appears in a container. At most one of ``sub_path`` and ``sub_path_expr``."""

    name: str
    mount_path: str
    read_only: bool = False
    sub_path: str = ""
    sub_path_expr: str = ""
    mount_propagation: Literal["None", "HostToContainer", "Bidirectional"] = "None"
    recursive_read_only: Literal["Disabled", "IfPossible", "Enabled"] = "Disabled"


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


class DownwardFile(Object, frozen=True, kw_only=True):
    """A field of the pod, or a resource of one of its containers, as a file."""

    path: str
    field_ref: FieldRef | None = None
    resource_field_ref: ResourceFieldRef | None = None
    mode: int | None = None


class DownwardVolume(Object, frozen=True, kw_only=True):
    """Fields of the pod as files."""

    items: tuple[DownwardFile, ...] = ()
    default_mode: int = 0o644


class ConfigMapProjection(Object, frozen=True, kw_only=True):
    """Keys of a ConfigMap in a projected volume."""

    name: str
    items: tuple[KeyToPath, ...] = ()
    optional: bool = False


class SecretProjection(Object, frozen=True, kw_only=True):
    """Keys of a Secret in a projected volume."""

    name: str
    items: tuple[KeyToPath, ...] = ()
    optional: bool = False


class DownwardProjection(Object, frozen=True, kw_only=True):
    """Fields of the pod in a projected volume."""

    items: tuple[DownwardFile, ...] = ()


class VolumeProjection(Object, frozen=True, kw_only=True):
    """One source of a projected volume: exactly one of the fields."""

    config_map: ConfigMapProjection | None = None
    secret: SecretProjection | None = None
    downward_api: DownwardProjection | None = msgspec.field(default=None, name="downwardAPI")


class ProjectedVolume(Object, frozen=True, kw_only=True):
    """Several sources in one folder."""

    sources: tuple[VolumeProjection, ...] = ()
    default_mode: int = 0o644


class EmptyDirVolume(Object, frozen=True, kw_only=True):
    """A folder that lives as long as the pod; ``Memory`` puts it on a tmpfs, bounded by ``size_limit``."""

    medium: Literal["", "Memory"] = ""
    size_limit: Quantity | None = None


class HostPathVolume(Object, frozen=True, kw_only=True):
    """A path of the host itself. ``type`` as in Kubernetes; empty checks nothing."""

    path: str
    type: Literal[
        "", "DirectoryOrCreate", "Directory", "FileOrCreate", "File", "Socket", "CharDevice", "BlockDevice"
    ] = ""


class NfsVolume(Object, frozen=True, kw_only=True):
    """A folder of an NFS server."""

    server: str
    path: str
    read_only: bool = False


class ClaimVolume(Object, frozen=True, kw_only=True):
    """The volume that a PersistentVolumeClaim of the pod's namespace is bound to."""

    claim_name: str
    read_only: bool = False


class ClaimTemplateMeta(Object, frozen=True, kw_only=True):
    """``metadata`` of an ephemeral volume's claim; its name follows from the pod's."""

    labels: Mapping[str, str] = {}
    annotations: Mapping[str, str] = {}


class ClaimTemplate(Object, frozen=True, kw_only=True):
    """The claim of an ephemeral volume: it comes and goes with the pod, as ``POD-VOLUME``."""

    spec: PersistentVolumeClaimSpec
    metadata: ClaimTemplateMeta = ClaimTemplateMeta()


class EphemeralVolume(Object, frozen=True, kw_only=True):
    """A claim of the pod's own."""

    volume_claim_template: ClaimTemplate


class ImageVolume(Object, frozen=True, kw_only=True):
    """The content of an image, read-only."""

    reference: str
    pull_policy: Literal["Always", "IfNotPresent", "Never"] | None = None


class Volume(Object, frozen=True, kw_only=True):
    """A volume of the pod: exactly one source; none is an emptyDir."""

    name: str
    config_map: ConfigMapVolume | None = None
    secret: SecretVolume | None = None
    downward_api: DownwardVolume | None = msgspec.field(default=None, name="downwardAPI")
    projected: ProjectedVolume | None = None
    empty_dir: EmptyDirVolume | None = None
    host_path: HostPathVolume | None = None
    nfs: NfsVolume | None = None
    persistent_volume_claim: ClaimVolume | None = None
    ephemeral: EphemeralVolume | None = None
    image: ImageVolume | None = None
