"""The kinds that ``trimtab get`` knows, by every name that kubectl would take."""

from collections.abc import Mapping
from typing import Final

from agent.ports import Permanent

KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    "Pod": ("pods", "pod", "po"),
    "Deployment": ("deployments", "deployment", "deploy"),
    "Host": ("hosts", "host", "nodes", "node", "no"),
    "ConfigMap": ("configmaps", "configmap", "cm"),
    "Secret": ("secrets", "secret"),
    "Namespace": ("namespaces", "namespace", "ns"),
    "PersistentVolumeClaim": ("persistentvolumeclaims", "persistentvolumeclaim", "pvc"),
    "PersistentVolume": ("persistentvolumes", "persistentvolume", "pv"),
    "StorageClass": ("storageclasses", "storageclass", "sc"),
    "RuntimeClass": ("runtimeclasses", "runtimeclass"),
}
CLUSTER_SCOPED: Final = frozenset({"Host", "Namespace", "PersistentVolume", "StorageClass", "RuntimeClass"})


def kind_named(name: str) -> str:
    """Return the kind that a user means. Raises Permanent, listing the kinds, when there is none such."""
    lowered = name.lower()
    for kind, names in KINDS.items():
        if lowered in names:
            return kind
    raise Permanent(
        f"there is no kind {name!r}", hint=f"the kinds are {', '.join(names[0] for names in KINDS.values())}"
    )
