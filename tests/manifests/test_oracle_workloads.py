"""As test_oracle, part by part: each field of a workload, and of what governs it, in an otherwise plain one."""

import json
from typing import Any

import pytest
from hypothesis import find, given

from agent.manifests import schema as schemas
from tests.manifests.generate import NAMES_OF_OBJECTS, to_end, values
from tests.manifests.repo import load_text
from tests.manifests.test_oracle import kubernetes, written
from tests.manifests.test_oracle_parts import QUICK, SEARCH, Manifest

MOUNTS = [{"name": name, "mountPath": f"/{name}"} for name in NAMES_OF_OBJECTS]
POD: Manifest = {
    "containers": [{"name": "a", "image": "a", "volumeMounts": MOUNTS}],
    "volumes": [{"name": name} for name in NAMES_OF_OBJECTS],
}
LABELS = {"app": "web"}
SELECTING: Manifest = {
    "selector": {"matchLabels": LABELS},
    "template": {"metadata": {"labels": LABELS}, "spec": POD},
}
JOB: Manifest = {
    "completionMode": "Indexed",
    "completions": 8,
    "backoffLimitPerIndex": 1,
    "template": {"spec": {**POD, "restartPolicy": "Never"}},
}
PLAIN: dict[str, tuple[str, Manifest]] = {
    "Deployment": ("apps/v1", SELECTING),
    "ReplicaSet": ("apps/v1", SELECTING),
    "StatefulSet": ("apps/v1", SELECTING),
    "DaemonSet": ("apps/v1", SELECTING),
    "Job": ("batch/v1", JOB),
    "CronJob": ("batch/v1", {"schedule": "@daily", "jobTemplate": {"spec": JOB}}),
    "HorizontalPodAutoscaler": (
        "autoscaling/v2",
        {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "a"}, "maxReplicas": 100_000},
    ),
    "PodDisruptionBudget": ("policy/v1", {"selector": {}, "maxUnavailable": 1}),
    "ResourceQuota": ("v1", {"hard": {"pods": 1}}),
    "LimitRange": ("v1", {"limits": []}),
}
MISSES = {("PodDisruptionBudget", "minAvailable"): "maxUnavailable"}
"""Fields that take another one's place."""
RARE = ("StatefulSet", "volumeClaimTemplates")
"""A field of which few values that are made up are right: claims by themselves are tried by test_oracle."""
LABELLED = ("selector", "template")
"""Fields that fit each other only: test_oracle finds such pairs."""


def with_field(kind: str, field: str, value: object) -> Manifest:
    version, spec = PLAIN[kind]
    left_out = MISSES.get((kind, field))
    rest = {name: part for name, part in spec.items() if name != left_out}
    return {"apiVersion": version, "kind": kind, "metadata": {"name": "a"}, "spec": {**rest, field: value}}


def fields() -> list[Any]:
    cases = []
    for kind in PLAIN:
        whole = schemas.SCHEMAS[kind]
        spec, base = schemas.resolved(whole["properties"]["spec"], whole)
        for field, part in spec["properties"].items():
            if not (field in LABELLED and field in PLAIN[kind][1]):
                cases.append(pytest.param(kind, field, part, base, id=f"{kind}.{field}"))
    return cases


@pytest.mark.parametrize(("kind", "field", "part", "base"), fields())
def test_what_we_accept_kubernetes_accepts(kind: str, field: str, part: Manifest, base: Manifest) -> None:
    @QUICK
    @given(values(part, base, odd=False) | values(part, base, odd=True))
    def check(value: object) -> None:
        manifest = with_field(kind, field, value)
        if not load_text(json.dumps(manifest)).problems:
            kubernetes(kind).validate(written(manifest))

    check()


@pytest.mark.parametrize(("kind", "field", "part", "base"), [case for case in fields() if case.values[:2] != RARE])
def test_every_field_can_be_used(kind: str, field: str, part: Manifest, base: Manifest) -> None:
    """The strategies find a value of the field that is accepted, and that says something."""

    def accepted(value: object) -> bool:
        return value not in ([], {}, "") and not load_text(json.dumps(with_field(kind, field, value))).problems

    found = find(values(part, base, odd=False).map(to_end), accepted, settings=SEARCH)
    kubernetes(kind).validate(with_field(kind, field, found))
