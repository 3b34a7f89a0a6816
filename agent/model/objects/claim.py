"""PersistentVolumeClaim: storage that a pod asks for, and that outlives it."""

from collections.abc import Mapping
from typing import Literal

from agent.model.objects.meta import Object, ObjectMeta
from agent.model.objects.selector import LabelSelector

AccessMode = Literal["ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod"]


class StorageRequest(Object, frozen=True, kw_only=True):
    """How much storage, by resource name (``storage``)."""

    requests: Mapping[str, str | int | float] = {}
    limits: Mapping[str, str | int | float] = {}


class PersistentVolumeClaimSpec(Object, frozen=True, kw_only=True):
    """What storage is asked for. ``storage_class_name``: None takes the default class, ``""`` a volume without one."""

    access_modes: tuple[AccessMode, ...] = ()
    resources: StorageRequest = StorageRequest()
    storage_class_name: str | None = None
    volume_name: str = ""
    volume_mode: Literal["Filesystem"] = "Filesystem"
    selector: LabelSelector | None = None


class PersistentVolumeClaim(Object, frozen=True, kw_only=True):
    """A claim of a namespace."""

    metadata: ObjectMeta
    spec: PersistentVolumeClaimSpec
    api_version: Literal["v1"] = "v1"
    kind: Literal["PersistentVolumeClaim"] = "PersistentVolumeClaim"
