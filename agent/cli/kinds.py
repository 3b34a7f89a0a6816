"""The kinds that ``trimtab get`` knows, by every name that kubectl would take."""

from collections.abc import Mapping
from typing import Final

from agent.manifests.kinds import CLUSTER_SCOPED
from agent.ports import Permanent

__all__ = ["ALL", "CLUSTER_SCOPED", "KINDS", "kind_named"]

KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    "Pod": ("pods", "pod", "po"),
    "Deployment": ("deployments", "deployment", "deploy"),
    "ReplicaSet": ("replicasets", "replicaset", "rs"),
    "StatefulSet": ("statefulsets", "statefulset", "sts"),
    "DaemonSet": ("daemonsets", "daemonset", "ds"),
    "Job": ("jobs", "job"),
    "CronJob": ("cronjobs", "cronjob", "cj"),
    "HorizontalPodAutoscaler": ("horizontalpodautoscalers", "horizontalpodautoscaler", "hpa"),
    "PodDisruptionBudget": ("poddisruptionbudgets", "poddisruptionbudget", "pdb"),
    "Host": ("hosts", "host", "nodes", "node", "no"),
    "ConfigMap": ("configmaps", "configmap", "cm"),
    "Secret": ("secrets", "secret"),
    "Namespace": ("namespaces", "namespace", "ns"),
    "ResourceQuota": ("resourcequotas", "resourcequota", "quota"),
    "LimitRange": ("limitranges", "limitrange", "limits"),
    "PersistentVolumeClaim": ("persistentvolumeclaims", "persistentvolumeclaim", "pvc"),
    "PersistentVolume": ("persistentvolumes", "persistentvolume", "pv"),
    "StorageClass": ("storageclasses", "storageclass", "sc"),
    "PriorityClass": ("priorityclasses", "priorityclass", "pc"),
    "RuntimeClass": ("runtimeclasses", "runtimeclass"),
}

_SHORT: Final = {
    "svc": "service",
    "ing": "ingress",
    "ep": "endpoints",
    "sa": "serviceaccount",
    "netpol": "networkpolicy",
}
"""Short names of kinds that fingers know, and trimtab does not take."""

ALL: Final = tuple(KINDS)[:8]
"""What ``get all`` lists, as with kubectl: pods, and what makes and scales them."""


def kind_named(name: str) -> str:
    """Return the kind that a user means. Raises Permanent, listing the kinds, when there is none such."""
    lowered = name.lower()
    for kind, names in KINDS.items():
        if lowered in names:
            return kind
    from agent.manifests.schema import UNSUPPORTED_KINDS  # noqa: PLC0415 - only a mistake asks for it

    singular = _SHORT.get(lowered, lowered.removesuffix("s"))
    for kind, why in UNSUPPORTED_KINDS.items():
        if kind.lower() in {lowered, singular, lowered.removesuffix("es")}:
            raise Permanent(f"kind {kind} is {why}")
    if lowered in {"event", "events", "ev"}:
        raise Permanent("events are no objects here", hint="`trimtab events` lists them")
    raise Permanent(
        f"there is no kind {name!r}", hint=f"the kinds are {', '.join(names[0] for names in KINDS.values())}"
    )
