"""What we accept for a kind of Kubernetes, Kubernetes accepts too."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st
from kubernetes_validate.utils import schema_contents  # type: ignore[import-untyped] # ships no types
from referencing import Registry, Resource

from tests.manifests.generate import manifests
from tests.manifests.repo import load_text

KUBERNETES = "1.37"
FILES = {
    "ConfigMap": "configmap-v1",
    "CronJob": "cronjob-batch-v1",
    "DaemonSet": "daemonset-apps-v1",
    "Deployment": "deployment-apps-v1",
    "HorizontalPodAutoscaler": "horizontalpodautoscaler-autoscaling-v2",
    "Job": "job-batch-v1",
    "LimitRange": "limitrange-v1",
    "Namespace": "namespace-v1",
    "PersistentVolume": "persistentvolume-v1",
    "PersistentVolumeClaim": "persistentvolumeclaim-v1",
    "Pod": "pod-v1",
    "PodDisruptionBudget": "poddisruptionbudget-policy-v1",
    "PriorityClass": "priorityclass-scheduling-v1",
    "ReplicaSet": "replicaset-apps-v1",
    "ResourceQuota": "resourcequota-v1",
    "RuntimeClass": "runtimeclass-node-v1",
    "Secret": "secret-v1",
    "StatefulSet": "statefulset-apps-v1",
    "StorageClass": "storageclass-storage-v1",
}
FOLDER = f"kubernetes-json-schema/v{KUBERNETES}.0-local-strict"
EXAMPLES = Path(__file__).parents[2] / "examples-repo"


@cache
def kubernetes(kind: str) -> jsonschema.Draft202012Validator:
    """Kubernetes' own schema of a kind, closed. (``kubernetes_validate.validate`` reads it anew at every call.)"""
    schema = schema_contents(f"{FOLDER}/{FILES[kind]}.json", KUBERNETES)
    definitions = schema_contents(f"{FOLDER}/_definitions.json", KUBERNETES)
    registry: Registry[Any] = Resource.from_contents(definitions) @ Registry()
    return jsonschema.Draft202012Validator(schema, registry=registry)


def written(value: Any) -> Any:  # noqa: ANN401 - JSON of any shape
    """Leave out fields without a value: the API server does, but the schema of a Quantity, which may be a number or a
    text, each or nothing, takes nothing for both at once."""
    if isinstance(value, dict):
        return {name: written(part) for name, part in value.items() if part is not None}
    return [written(part) for part in value] if isinstance(value, list) else value


@pytest.mark.parametrize("kind", FILES)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data(), odd=st.booleans())
def test_what_we_accept_kubernetes_accepts(kind: str, data: st.DataObject, odd: bool) -> None:
    manifest = data.draw(manifests(kind, odd=odd))
    loaded = load_text(json.dumps(manifest))
    if loaded.documents and not loaded.problems:
        kubernetes(kind).validate(written(manifest))


@pytest.mark.parametrize("kind", FILES)
def test_the_property_is_about_something(kind: str) -> None:
    """The strategies do write manifests that are accepted, and large ones."""

    def accepted(manifest: object) -> bool:
        return len(json.dumps(manifest)) > 100 and not load_text(json.dumps(manifest)).problems

    quick = settings(max_examples=3000, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    assert find(manifests(kind, odd=False), accepted, settings=quick)["kind"] == kind


def test_examples_are_kubernetes_manifests() -> None:
    checked = 0
    for file in sorted(EXAMPLES.rglob("*.yaml")):
        for document in yaml.safe_load_all(file.read_text()):
            if document["kind"] in FILES:
                kubernetes(document["kind"]).validate(document)
                checked += 1
    assert checked
