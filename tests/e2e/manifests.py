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


def config_map(name: str, **data: str) -> str:
    return _document("ConfigMap", name, {"data": data})


def secret(name: str, **data: str) -> str:
    return _document("Secret", name, {"stringData": data})
