"""PersistentVolume and StorageClass: the storage there is, and how more of it is made."""

from collections.abc import Mapping
from typing import Literal

from agent.model.objects.claim import AccessMode
from agent.model.objects.meta import Object, ObjectMeta
from agent.model.objects.pod.scheduling import NodeSelector
from agent.model.objects.pod.volume import HostPathVolume, NfsVolume

ReclaimPolicy = Literal["Retain", "Delete"]


class LocalVolume(Object, frozen=True, kw_only=True):
    """A folder of one host, which ``node_affinity`` names."""

    path: str


class VolumeNodeAffinity(Object, frozen=True, kw_only=True):
    """The hosts from which a volume can be reached."""

    required: NodeSelector


class ClaimRef(Object, frozen=True, kw_only=True):
    """The claim that a volume is kept for."""

    name: str
    namespace: str = "default"
    kind: Literal["PersistentVolumeClaim"] = "PersistentVolumeClaim"
    api_version: Literal["v1"] = "v1"


class PersistentVolumeSpec(Object, frozen=True, kw_only=True):
    """Storage that is there: exactly one of ``host_path``, ``local`` and ``nfs``."""

    capacity: Mapping[str, str | int | float]
    access_modes: tuple[AccessMode, ...]
    host_path: HostPathVolume | None = None
    local: LocalVolume | None = None
    nfs: NfsVolume | None = None
    storage_class_name: str = ""
    persistent_volume_reclaim_policy: Literal["Retain"] = "Retain"
    volume_mode: Literal["Filesystem"] = "Filesystem"
    mount_options: tuple[str, ...] = ()
    node_affinity: VolumeNodeAffinity | None = None
    claim_ref: ClaimRef | None = None


class PersistentVolume(Object, frozen=True, kw_only=True):
    """A volume of the fleet."""

    metadata: ObjectMeta
    spec: PersistentVolumeSpec
    api_version: Literal["v1"] = "v1"
    kind: Literal["PersistentVolume"] = "PersistentVolume"


class StorageClass(Object, frozen=True, kw_only=True):
    """How volumes are made for claims.

    ``provisioner`` ``trimtab.dev/local`` makes folders below ``parameters.root`` of the host that the pod is placed
    on; ``kubernetes.io/no-provisioner`` makes none.
    """

    metadata: ObjectMeta
    provisioner: Literal["trimtab.dev/local", "kubernetes.io/no-provisioner"]
    parameters: Mapping[str, str] = {}
    reclaim_policy: ReclaimPolicy = "Delete"
    volume_binding_mode: Literal["Immediate", "WaitForFirstConsumer"] = "Immediate"
    allow_volume_expansion: bool | None = None
    api_version: Literal["storage.k8s.io/v1"] = "storage.k8s.io/v1"
    kind: Literal["StorageClass"] = "StorageClass"
