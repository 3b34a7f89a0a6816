"""What pods and other objects count as in a ResourceQuota, as Kubernetes' evaluators have it."""

from collections import Counter
from collections.abc import Mapping
from typing import Final

from agent.model.objects.claim import PersistentVolumeClaim, PersistentVolumeClaimSpec
from agent.model.objects.fleet import AnyObject
from agent.model.objects.meta import Declared, ObjectKey
from agent.model.objects.pod import PodSpec
from agent.model.objects.quota import Quantity
from agent.model.podrequests import pod_requests
from agent.model.podresources import Amounts, amounts, limited, milli, whole

_GROUPS: Final = {
    "CronJob": ("cronjobs", "batch"),
    "DaemonSet": ("daemonsets", "apps"),
    "Deployment": ("deployments", "apps"),
    "HorizontalPodAutoscaler": ("horizontalpodautoscalers", "autoscaling"),
    "Job": ("jobs", "batch"),
    "LimitRange": ("limitranges", ""),
    "PodDisruptionBudget": ("poddisruptionbudgets", "policy"),
    "ReplicaSet": ("replicasets", "apps"),
    "StatefulSet": ("statefulsets", "apps"),
    "ConfigMap": ("configmaps", ""),
    "ResourceQuota": ("resourcequotas", ""),
    "Secret": ("secrets", ""),
}
"""Kinds that are counted as they are declared: plural and group."""
_CLASS: Final = ".storageclass.storage.k8s.io/"
_COMPUTE: Final = ("cpu", "memory", "ephemeral-storage")


def usage_of(spec: PodSpec) -> Amounts:
    """Return what one pod counts as, by every name that a quota may have for it."""
    requests, limits = pod_requests(spec), {**limited(spec), **_of_whole(spec)}
    found = {"pods": 1, "count/pods": 1}
    for name, amount in requests.items():
        found[f"requests.{name}"] = amount
        if name in _COMPUTE or name.startswith("hugepages-"):
            found[name] = amount
    return found | {f"limits.{name}": amount for name, amount in limits.items()}


def _of_whole(spec: PodSpec) -> Amounts:
    return amounts(spec.resources.limits) if spec.resources is not None else {}


def unspecified(spec: PodSpec, hard: Mapping[str, Quantity]) -> str:
    """Return which bounded resources containers say nothing of: such a pod is refused, as in Kubernetes."""
    missing: dict[str, list[str]] = {}
    whole_pod = spec.resources
    for name in sorted(hard):
        kind, _, resource = name.rpartition(".")
        if resource not in ("cpu", "memory") or kind not in ("", "requests", "limits"):
            continue
        if whole_pod is not None and resource in (whole_pod.limits if kind == "limits" else whole_pod.requests):
            continue
        for container in spec.every_container:
            said = container.resources.limits if kind == "limits" else container.resources.requests
            if resource not in said:
                missing.setdefault(name, []).append(container.name)
    return "; ".join(f"{name} for: {','.join(names)}" for name, names in missing.items())


def objects_counted(objects: Mapping[ObjectKey, Declared[AnyObject]], namespace: str) -> Amounts:
    """Return what the declared objects of a namespace count as, but for pods."""
    found: Counter[str] = Counter()
    for key, declared in objects.items():
        if key.namespace != namespace:
            continue
        if isinstance(declared.body, PersistentVolumeClaim):
            found.update(usage_of_claim(declared.body.spec))
        elif key.kind in _GROUPS:
            plural, group = _GROUPS[key.kind]
            found[f"count/{plural}.{group}" if group else f"count/{plural}"] += 1
            if not group:
                found[plural] += 1
    return found


def usage_of_claim(claim: PersistentVolumeClaimSpec) -> Amounts:
    """Return what one claim counts as."""
    size = whole(claim.resources.requests.get("storage", 0))
    found = {"persistentvolumeclaims": 1, "count/persistentvolumeclaims": 1, "requests.storage": size}
    if claim.storage_class_name:
        found[f"{claim.storage_class_name}{_CLASS}requests.storage"] = size
        found[f"{claim.storage_class_name}{_CLASS}persistentvolumeclaims"] = 1
    return found


def bound(name: str, written: Quantity) -> int:
    """Return a quantity as the amounts above are counted: CPU in thousandths, all else whole."""
    return milli(written) if name.rpartition(".")[2] == "cpu" else whole(written)


def shown(name: str, amount: int) -> str:
    """Return an amount as people write it."""
    if name.rpartition(".")[2] == "cpu":
        return f"{amount}m" if amount % 1000 else str(amount // 1000)
    for suffix, size in (("Gi", 1 << 30), ("Mi", 1 << 20), ("Ki", 1 << 10)):
        if amount >= size and amount % size == 0 and name not in ("pods", "count/pods"):
            return f"{amount // size}{suffix}"
    return str(amount)
