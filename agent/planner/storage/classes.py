"""StorageClasses: which one a claim means, and what it says of volumes."""

from collections.abc import Mapping
from typing import Final

from agent.model.duration import parse_duration
from agent.model.labels import VOLUMES_DIR
from agent.model.objects.claim import PersistentVolumeClaimSpec
from agent.model.objects.storage import StorageClass

LOCAL: Final = "trimtab.dev/local"
_DEFAULT: Final = "storageclass.kubernetes.io/is-default-class"
_BETA_DEFAULT: Final = "storageclass.beta.kubernetes.io/is-default-class"
_WEEK: Final = 7 * 86_400.0

Classes = Mapping[str, StorageClass]


def class_of(claim: PersistentVolumeClaimSpec, classes: Classes) -> str:
    """Return the name of the class that a claim means: its own, else the default one, else none (empty)."""
    if claim.storage_class_name is not None:
        return claim.storage_class_name
    return next((name for name in sorted(classes) if _is_default(classes[name])), "")


def _is_default(found: StorageClass) -> bool:
    return any(found.metadata.annotations.get(name) == "true" for name in (_DEFAULT, _BETA_DEFAULT))


def waits_for_consumer(found: StorageClass | None) -> bool:
    """Tell whether claims of a class get their volume only with the first pod that uses them."""
    return found is not None and found.volume_binding_mode == "WaitForFirstConsumer"


def makes_volumes(found: StorageClass | None) -> bool:
    """Tell whether trimtab makes volumes of a class."""
    return found is not None and found.provisioner == LOCAL


def root_of(found: StorageClass) -> str:
    """Return the folder below which volumes of a class are made."""
    return found.parameters.get("root", VOLUMES_DIR).rstrip("/")


def retention(found: StorageClass) -> float:
    """Return for how many seconds the data of a removed claim is kept."""
    written = found.parameters.get("retentionAfterRemoval")
    return _WEEK if written is None else parse_duration(written)
