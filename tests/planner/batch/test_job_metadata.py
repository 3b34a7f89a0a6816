"""Jobs of a CronJob bear the labels and annotations of its template."""

import json
from typing import Any

from agent.model.objects import ObjectKey
from agent.planner.batch.jobs import Order, derived, template_text
from tests.manifests.repo import HOST, load_files

CRON = {
    "apiVersion": "batch/v1",
    "kind": "CronJob",
    "metadata": {"name": "tick"},
    "spec": {
        "schedule": "@daily",
        "jobTemplate": {
            "metadata": {"labels": {"team": "a"}, "annotations": {"why": "b"}},
            "spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "a", "image": "a"}]}}},
        },
    },
}


def test_labels_and_annotations_of_the_jobs() -> None:
    fleet = load_files({"hosts.yaml": HOST, "cron.yaml": json.dumps(CRON)}).fleet
    assert fleet
    cron: Any = fleet.objects[ObjectKey(kind="CronJob", namespace="default", name="tick")]
    job = derived(cron, (Order("tick-20", template_text(cron)),))["tick-20"].body
    assert (job.metadata.labels, job.metadata.annotations) == ({"team": "a"}, {"why": "b"})
