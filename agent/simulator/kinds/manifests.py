"""The manifests of what is declared of every kind."""

from collections.abc import Iterator
from typing import Any, Final

from agent.simulator.kinds.declared import Crowd, Daemon, Kinds, Scaled, Set, Work

Document = dict[str, Any]

STORAGE_CLASS: Final = "local"
GRACE: Final = 3600.0
"""Seconds that the data of a claim is kept when nobody wants it any more."""
ENDS: Final = 42
"""The exit code that ends a job that minds it."""


def documents(kinds: Kinds) -> Iterator[tuple[str, Document]]:
    """Yield every manifest with the file that it stands in."""
    yield from _workloads(kinds)
    yield from _policies(kinds)


def _workloads(kinds: Kinds) -> Iterator[tuple[str, Document]]:
    for name, one in kinds.sets.items():
        yield f"sets/{name}.json", _set(name, one)
    for name, daemon in kinds.daemons.items():
        yield f"daemons/{name}.json", _daemon(name, daemon)
    for name, work in kinds.works.items():
        yield f"works/{name}.json", _cron(name, work) if work.schedule else _job(name, work)
    for name, scaled in kinds.scaled.items():
        yield f"scaled/{name}.json", _scaled(name, scaled)
        yield f"scalers/{name}.json", _scaler(name, scaled)
    for name, crowd in kinds.crowds.items():
        yield f"crowds/{name}.json", _crowd(name, crowd)


def _policies(kinds: Kinds) -> Iterator[tuple[str, Document]]:
    if kinds.sets:
        yield "class.json", _storage_class()
    bounds: dict[str, Document] = {name: {"maxUnavailable": 1} for name in (*kinds.sets, *kinds.crowds)}
    bounds |= {name: {"minAvailable": scaled.least - 1} for name, scaled in kinds.scaled.items()}
    bounds |= {name: {"minAvailable": least} for name, least in kinds.budgets.items()}
    bounds |= {name: {**bounds[name], "unhealthyPodEvictionPolicy": "AlwaysAllow"} for name in kinds.lenient}
    for name, bound in bounds.items():
        yield f"budgets/{name}.json", _budget(name, bound)
    for name, value in kinds.priorities.items():
        yield f"priorities/{name}.json", _priority(name, value)
    if kinds.quota:
        yield "quota.json", _document("v1", "ResourceQuota", {"name": "all"}, spec={"hard": {"pods": kinds.quota}})
    if kinds.request:
        limits = [{"type": "Container", "defaultRequest": {"cpu": kinds.request}}]
        yield "limits.json", _document("v1", "LimitRange", {"name": "all"}, spec={"limits": limits})


def _priority(name: str, value: int) -> Document:
    preempts = "Never" if name == "polite" else "PreemptLowerPriority"
    meta = {"name": name}
    return _document("scheduling.k8s.io/v1", "PriorityClass", meta, value=value, preemptionPolicy=preempts)


def _document(api: str, kind: str, meta: Document, **rest: object) -> Document:
    return {"apiVersion": api, "kind": kind, "metadata": meta, **rest}


def _storage_class() -> Document:
    parameters = {"retentionAfterRemoval": f"{GRACE:.0f}s"}
    provisioner, meta = "trimtab.dev/local", {"name": STORAGE_CLASS}
    return _document("storage.k8s.io/v1", "StorageClass", meta, provisioner=provisioner, parameters=parameters)


def _selector(name: str) -> Document:
    return {"matchLabels": {"app": name}}


def _template(name: str, image: str, cpu: str = "100m", **spec: object) -> Document:
    container = {
        "name": "main",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "resources": {"requests": {"cpu": cpu}},
    }
    return {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container], **spec}}


def _set(name: str, one: Set) -> Document:
    template = _template(name, one.image)
    rolling = {"partition": one.partition, "maxUnavailable": one.unavailable}
    strategy = {"type": "OnDelete"} if one.on_delete else {"type": "RollingUpdate", "rollingUpdate": rolling}
    spec: Document = {
        "replicas": one.replicas,
        "serviceName": name,
        "selector": _selector(name),
        "podManagementPolicy": "Parallel" if one.parallel else "OrderedReady",
        "updateStrategy": strategy,
        "template": template,
    }
    if one.claims:
        template["spec"]["containers"][0]["volumeMounts"] = [{"name": "data", "mountPath": "/data"}]
        claim = {
            "storageClassName": STORAGE_CLASS,
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Gi"}},
        }
        spec["volumeClaimTemplates"] = [{"metadata": {"name": "data"}, "spec": claim}]
        fate = "Delete" if one.expendable else "Retain"
        spec["persistentVolumeClaimRetentionPolicy"] = {"whenDeleted": fate, "whenScaled": fate}
    return _document("apps/v1", "StatefulSet", {"name": name}, spec=spec)


def _daemon(name: str, daemon: Daemon) -> Document:
    rolling = {"maxUnavailable": 0 if daemon.surge else daemon.unavailable, "maxSurge": daemon.surge}
    strategy = {"type": "OnDelete"} if daemon.on_delete else {"type": "RollingUpdate", "rollingUpdate": rolling}
    spec = {"selector": _selector(name), "updateStrategy": strategy, "template": _template(name, daemon.image)}
    return _document("apps/v1", "DaemonSet", {"name": name}, spec=spec)


def _budget(name: str, bound: Document) -> Document:
    spec = {"selector": _selector(name), **bound}
    return _document("policy/v1", "PodDisruptionBudget", {"name": name}, spec=spec)


def _job_spec(name: str, work: Work) -> Document:
    rules = {
        "counts": None,
        "ends": {"action": "FailJob", "onExitCodes": {"operator": "In", "values": [ENDS]}},
        "spares": {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]},
    }
    rule = rules[work.failing]
    return {
        "completions": work.completions,
        "parallelism": work.parallelism,
        "completionMode": "Indexed" if work.indexed else "NonIndexed",
        "backoffLimit": work.limit,
        **({"podFailurePolicy": {"rules": [rule]}} if rule is not None else {}),
        **({"successPolicy": {"rules": [{"succeededIndexes": "0"}]}} if work.early else {}),
        "template": _template(name, work.image, restartPolicy="Never"),
    }


def _job(name: str, work: Work) -> Document:
    spec = {**_job_spec(name, work), "suspend": work.suspended}
    return _document("batch/v1", "Job", {"name": name}, spec=spec)


def _cron(name: str, work: Work) -> Document:
    spec = {
        "schedule": work.schedule,
        "timeZone": work.zone,
        "concurrencyPolicy": work.policy,
        "suspend": work.suspended,
        "successfulJobsHistoryLimit": 0 if work.minutes == 1 else 3,
        "jobTemplate": {"spec": _job_spec(name, work)},
    }
    return _document("batch/v1", "CronJob", {"name": name}, spec=spec)


def _crowd(name: str, crowd: Crowd) -> Document:
    template = _template(name, crowd.image, "1", priorityClassName=crowd.priority)
    return _deployment(name, template, replicas=crowd.replicas)


def _scaled(name: str, scaled: Scaled) -> Document:
    return _deployment(name, _template(name, scaled.image))


def _deployment(name: str, template: Document, **more: object) -> Document:
    rolling = {"maxSurge": 1, "maxUnavailable": 1}
    strategy = {"type": "RollingUpdate", "rollingUpdate": rolling}
    spec = {"selector": _selector(name), "strategy": strategy, "template": template, **more}
    return _document("apps/v1", "Deployment", {"name": name}, spec=spec)


def _scaler(name: str, scaled: Scaled) -> Document:
    spec = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
        "minReplicas": scaled.least,
        "maxReplicas": scaled.most,
        "metrics": [
            {
                "type": "Resource",
                "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}},
            }
        ],
    }
    return _document("autoscaling/v2", "HorizontalPodAutoscaler", {"name": name}, spec=spec)
