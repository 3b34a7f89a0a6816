"""StatefulSets, DaemonSets, jobs and what goes with them, as values that know how to be written as manifests."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from agent.model.value import Value

Document = dict[str, Any]

STORAGE_CLASS = "local"


class Set(Value, frozen=True, kw_only=True):
    """A StatefulSet; with ``claims``, each of its pods has a volume. Its budget lets one pod go at a time."""

    replicas: int
    image: str
    parallel: bool = False
    claims: bool = False


class Daemon(Value, frozen=True, kw_only=True):
    """A DaemonSet."""

    image: str


class Work(Value, frozen=True, kw_only=True):
    """A Job, or what a CronJob makes every so many ``minutes``."""

    completions: int
    parallelism: int
    image: str
    indexed: bool = False
    minutes: int = 0
    policy: Literal["Allow", "Forbid", "Replace"] = "Allow"
    suspended: bool = False


class Scaled(Value, frozen=True, kw_only=True):
    """A Deployment whose replicas an autoscaler says."""

    image: str
    least: int
    most: int


class Kinds(Value, frozen=True, kw_only=True):
    """All that one commit declares beside Deployments and Pods, by name; ``drained`` are hosts."""

    sets: Mapping[str, Set] = {}
    daemons: Mapping[str, Daemon] = {}
    works: Mapping[str, Work] = {}
    scaled: Mapping[str, Scaled] = {}
    drained: tuple[str, ...] = ()
    budgets: Mapping[str, int] = {}
    """Of Deployments: how many of their pods have to stay available."""

    def is_too_many(self, name: str, pod: str) -> bool:
        """Tell whether a pod of a set has an ordinal that is not wanted: it goes, whatever the others do."""
        ordinal = pod.rpartition("-")[2]
        return name in self.sets and ordinal.isdigit() and int(ordinal) >= self.sets[name].replicas

    def documents(self) -> Iterator[tuple[str, Document]]:
        """Yield every manifest with the file that it stands in."""
        if self.sets:
            meta = {"name": STORAGE_CLASS}
            yield "class.json", _document("storage.k8s.io/v1", "StorageClass", meta, provisioner="trimtab.dev/local")
        for name, one in self.sets.items():
            yield f"sets/{name}.json", _set(name, one)
            yield f"budgets/{name}.json", _budget(name, {"maxUnavailable": 1})
        for name, daemon in self.daemons.items():
            spec = {"selector": _selector(name), "template": _template(name, daemon.image)}
            yield f"daemons/{name}.json", _document("apps/v1", "DaemonSet", {"name": name}, spec=spec)
        for name, work in self.works.items():
            yield f"works/{name}.json", _cron(name, work) if work.minutes else _job(name, work)
        for name, scaled in self.scaled.items():
            yield f"scaled/{name}.json", _scaled(name, scaled)
            yield f"scalers/{name}.json", _scaler(name, scaled)
            yield f"budgets/{name}.json", _budget(name, {"minAvailable": scaled.least - 1})
        for name, least in self.budgets.items():
            yield f"budgets/{name}.json", _budget(name, {"minAvailable": least})


def _document(api: str, kind: str, meta: Document, **rest: object) -> Document:
    return {"apiVersion": api, "kind": kind, "metadata": meta, **rest}


def _selector(name: str) -> Document:
    return {"matchLabels": {"app": name}}


def _template(name: str, image: str, **spec: object) -> Document:
    container = {
        "name": "main",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "resources": {"requests": {"cpu": "100m"}},
    }
    return {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container], **spec}}


def _set(name: str, one: Set) -> Document:
    template = _template(name, one.image)
    spec: Document = {
        "replicas": one.replicas,
        "serviceName": name,
        "selector": _selector(name),
        "podManagementPolicy": "Parallel" if one.parallel else "OrderedReady",
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
    return _document("apps/v1", "StatefulSet", {"name": name}, spec=spec)


def _budget(name: str, bound: Document) -> Document:
    spec = {"selector": _selector(name), **bound}
    return _document("policy/v1", "PodDisruptionBudget", {"name": name}, spec=spec)


def _job_spec(name: str, work: Work) -> Document:
    return {
        "completions": work.completions,
        "parallelism": work.parallelism,
        "completionMode": "Indexed" if work.indexed else "NonIndexed",
        "backoffLimit": 1000,
        "template": _template(name, work.image, restartPolicy="Never"),
    }


def _job(name: str, work: Work) -> Document:
    return _document("batch/v1", "Job", {"name": name}, spec=_job_spec(name, work))


def _cron(name: str, work: Work) -> Document:
    spec = {
        "schedule": f"*/{work.minutes} * * * *",
        "timeZone": "Etc/UTC",
        "concurrencyPolicy": work.policy,
        "suspend": work.suspended,
        "successfulJobsHistoryLimit": 0 if work.minutes == 1 else 3,
        "jobTemplate": {"spec": _job_spec(name, work)},
    }
    return _document("batch/v1", "CronJob", {"name": name}, spec=spec)


def _scaled(name: str, scaled: Scaled) -> Document:
    rolling = {"maxSurge": 1, "maxUnavailable": 1}
    spec = {
        "selector": _selector(name),
        "strategy": {"type": "RollingUpdate", "rollingUpdate": rolling},
        "template": _template(name, scaled.image),
    }
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
