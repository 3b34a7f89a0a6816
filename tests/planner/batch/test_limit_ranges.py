"""A LimitRange that comes later is no reason to do a job's work once more."""

import json
from typing import Any

from agent.model.objects import ObjectKey
from agent.planner.template import Template, resolve_template
from tests.manifests.repo import HOST, load_files
from tests.planner.fleet.build import KEY

LIMITS = {
    "apiVersion": "v1",
    "kind": "LimitRange",
    "metadata": {"name": "usual"},
    "spec": {"limits": [{"type": "Container", "default": {"memory": "1Gi"}}]},
}
POD = {"containers": [{"name": "a", "image": "a"}]}


def template_of(kind: str, version: str, spec: dict[str, Any], *others: dict[str, Any]) -> Template:
    written = {"apiVersion": version, "kind": kind, "metadata": {"name": "a"}, "spec": spec}
    files = {f"{number}.yaml": json.dumps(one) for number, one in enumerate((written, *others))}
    fleet = load_files({"hosts.yaml": HOST, **files}).fleet
    assert fleet
    declared: Any = fleet.objects[ObjectKey(kind=kind, namespace="default", name="a")]
    return resolve_template(declared, (), KEY)


def test_a_job_goes_on_and_its_next_pods_have_the_limits() -> None:
    job = {"template": {"spec": {**POD, "restartPolicy": "Never"}}}
    before, after = template_of("Job", "batch/v1", job), template_of("Job", "batch/v1", job, LIMITS)
    assert before.hash == after.hash
    assert after.spec.containers[0].resources.limits == {"memory": "1Gi"}


def test_a_deployment_rolls() -> None:
    labels = {"app": "a"}
    spec = {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": POD}}
    before, after = template_of("Deployment", "apps/v1", spec), template_of("Deployment", "apps/v1", spec, LIMITS)
    assert before.hash != after.hash
