from collections.abc import Mapping, Sequence
from typing import Final

from agent.cli.render.get.columns import MESSAGE, NAME, Column, body, status, word
from agent.model.objects.claim import PersistentVolumeClaim
from agent.model.objects.storage import PersistentVolume, StorageClass

_SHORT: Final = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}


def _modes(modes: Sequence[str]) -> str:
    return ",".join(_SHORT.get(mode, mode) for mode in modes)


def _claimant(volume: PersistentVolume) -> str:
    claim = volume.spec.claim_ref
    return f"{claim.namespace}/{claim.name}" if claim else ""


def _class_name(one: StorageClass) -> str:
    default = one.metadata.annotations.get("storageclass.kubernetes.io/is-default-class") == "true"
    return one.metadata.name + (" (default)" if default else "")


COLUMNS: Final[Mapping[str, tuple[Column, ...]]] = {
    "PersistentVolumeClaim": (
        NAME,
        Column(title="STATUS", cell=status(word)),
        Column(title="VOLUME", cell=body(PersistentVolumeClaim, lambda one: one.spec.volume_name)),
        Column(
            title="REQUEST",
            cell=body(PersistentVolumeClaim, lambda one: str(one.spec.resources.requests.get("storage", ""))),
        ),
        Column(title="ACCESS MODES", cell=body(PersistentVolumeClaim, lambda one: _modes(one.spec.access_modes))),
        Column(title="STORAGECLASS", cell=body(PersistentVolumeClaim, lambda one: one.spec.storage_class_name or "")),
        MESSAGE,
    ),
    "PersistentVolume": (
        NAME,
        Column(title="CAPACITY", cell=body(PersistentVolume, lambda one: str(one.spec.capacity.get("storage", "")))),
        Column(title="ACCESS MODES", cell=body(PersistentVolume, lambda one: _modes(one.spec.access_modes))),
        Column(
            title="RECLAIM POLICY",
            cell=body(PersistentVolume, lambda one: one.spec.persistent_volume_reclaim_policy),
        ),
        Column(title="STATUS", cell=status(word)),
        Column(title="CLAIM", cell=body(PersistentVolume, _claimant)),
        Column(title="STORAGECLASS", cell=body(PersistentVolume, lambda one: one.spec.storage_class_name)),
        MESSAGE,
    ),
    "StorageClass": (
        Column(title="NAME", cell=body(StorageClass, _class_name)),
        Column(title="PROVISIONER", cell=body(StorageClass, lambda one: one.provisioner)),
        Column(title="RECLAIMPOLICY", cell=body(StorageClass, lambda one: one.reclaim_policy)),
        Column(title="VOLUMEBINDINGMODE", cell=body(StorageClass, lambda one: one.volume_binding_mode)),
    ),
}
