"""Manifests for the tests, as short as they can be. `registry/` stands for the lab's registry."""

import json
from collections.abc import Mapping

SLEEP = ["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 1; done"]


def _document(kind: str, name: str, spec: Mapping[str, object], *, api: str = "v1", namespace: str = "default") -> str:
    return (
        json.dumps({"apiVersion": api, "kind": kind, "metadata": {"name": name, "namespace": namespace}, **spec}) + "\n"
    )


def container(**fields: object) -> dict[str, object]:
    return {"name": "main", "image": "registry/app:1.0", "command": SLEEP, **fields}


def pod(name: str, *containers: Mapping[str, object], namespace: str = "default", **spec: object) -> str:
    body = {"terminationGracePeriodSeconds": 2, "containers": list(containers or [container()]), **spec}
    return _document("Pod", name, {"spec": body}, namespace=namespace)


def with_metadata(manifest: str, **fields: object) -> str:
    """Return a manifest with more fields in its metadata."""
    document = json.loads(manifest)
    document["metadata"].update(fields)
    return json.dumps(document) + "\n"


def deployment(
    name: str,
    *containers: Mapping[str, object],
    replicas: int = 2,
    strategy: Mapping[str, object] | None = None,
    **spec: object,
) -> str:
    template = {
        "metadata": {"labels": {"app": name}},
        "spec": {"terminationGracePeriodSeconds": 2, "containers": list(containers or [container()]), **spec},
    }
    body: dict[str, object] = {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": template}
    if strategy:
        body["strategy"] = {"rollingUpdate": strategy}
    return _document("Deployment", name, {"spec": body}, api="apps/v1")


def _work(
    containers: tuple[Mapping[str, object], ...], work: Mapping[str, object] | None, spec: Mapping[str, object]
) -> object:
    fields: dict[str, object] = {
        "terminationGracePeriodSeconds": 2,
        "restartPolicy": "Never",
        "containers": list(containers),
    }
    return {"template": {"spec": {**fields, **spec}}, **(work or {})}


def job(name: str, *containers: Mapping[str, object], work: Mapping[str, object] | None = None, **spec: object) -> str:
    """A Job; `work` are fields of its own spec, the others of its pods'."""
    return _document("Job", name, {"spec": _work(containers, work, spec)}, api="batch/v1")


def cron_job(
    name: str,
    *containers: Mapping[str, object],
    schedule: str,
    work: Mapping[str, object] | None = None,
    cron: Mapping[str, object] | None = None,
    **spec: object,
) -> str:
    """A CronJob; `cron` are fields of its own spec, `work` of its jobs', the others of their pods'."""
    template = {"spec": _work(containers, work, spec)}
    body = {"schedule": schedule, "jobTemplate": template, **(cron or {})}
    return _document("CronJob", name, {"spec": body}, api="batch/v1")


def autoscaler(name: str, *, percent: int, most: int, **spec: object) -> str:
    """A HorizontalPodAutoscaler of the Deployment with its name, by CPU."""
    target = {"type": "Utilization", "averageUtilization": percent}
    body = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
        "maxReplicas": most,
        "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": target}}],
        **spec,
    }
    return _document("HorizontalPodAutoscaler", name, {"spec": body}, api="autoscaling/v2")


def config_map(name: str, **data: str) -> str:
    return _document("ConfigMap", name, {"data": data})


def secret(name: str, **data: str) -> str:
    return _document("Secret", name, {"stringData": data})
