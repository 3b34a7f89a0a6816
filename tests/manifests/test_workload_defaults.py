"""What the API server fills into workloads, and into what governs them."""

import json
from typing import Any

import pytest

from agent.model.objects import Deployment
from agent.model.objects.autoscaler import HorizontalPodAutoscaler, MetricTarget
from agent.model.objects.cronjob import CronJob
from agent.model.objects.daemonset import DaemonRollingUpdate, DaemonSet
from agent.model.objects.host import Host
from agent.model.objects.job import Job, JobSpec
from agent.model.objects.priority import PriorityClass
from agent.model.objects.quota import LimitRange
from agent.model.objects.replicaset import ReplicaSet
from agent.model.objects.statefulset import ClaimRetention, StatefulRollingUpdate, StatefulSet
from tests.manifests.test_valid import only
from tests.manifests.test_workload_problems import POD, job, scaling, selecting

Manifest = dict[str, Any]


def loaded(kind: str, version: str, spec: Manifest) -> object:
    return only(json.dumps({"apiVersion": version, "kind": kind, "metadata": {"name": "a"}, "spec": spec}))


def job_spec(**spec: Any) -> JobSpec:  # noqa: ANN401 - JSON of any shape
    body = loaded("Job", "batch/v1", job(**spec))
    assert isinstance(body, Job)
    return body.spec


@pytest.mark.parametrize("kind", ["Deployment", "ReplicaSet", "StatefulSet"])
def test_one_replica(kind: str) -> None:
    body = loaded(kind, "apps/v1", selecting(POD))
    assert isinstance(body, Deployment | ReplicaSet | StatefulSet)
    assert (body.metadata.namespace, body.spec.replicas, body.spec.min_ready_seconds) == ("default", 1, 0)
    assert body.spec.template.spec.containers[0].image_pull_policy == "Always"


def test_a_deployment_has_ten_minutes_and_ten_older_templates() -> None:
    body = loaded("Deployment", "apps/v1", selecting(POD))
    assert isinstance(body, Deployment)
    assert (body.spec.progress_deadline_seconds, body.spec.revision_history_limit) == (600, 10)


def test_a_stateful_set_goes_pod_by_pod_and_keeps_its_claims() -> None:
    body = loaded("StatefulSet", "apps/v1", selecting(POD))
    assert isinstance(body, StatefulSet)
    assert body.spec.pod_management_policy == "OrderedReady"
    assert body.spec.update_strategy.rolling_update == StatefulRollingUpdate(partition=0, max_unavailable=None)
    assert body.spec.persistent_volume_claim_retention_policy == ClaimRetention(when_deleted="Retain")
    waiting = loaded("StatefulSet", "apps/v1", selecting(POD, updateStrategy={"type": "OnDelete"}))
    assert isinstance(waiting, StatefulSet)
    assert waiting.spec.update_strategy.rolling_update is None


def test_a_daemon_set_goes_host_by_host() -> None:
    body = loaded("DaemonSet", "apps/v1", selecting(POD))
    assert isinstance(body, DaemonSet)
    assert body.spec.update_strategy.rolling_update == DaemonRollingUpdate(max_unavailable=1, max_surge=0)


@pytest.mark.parametrize(
    ("spec", "completions", "limit"),
    [
        ({}, 1, 6),
        ({"parallelism": 1}, 1, 6),
        ({"parallelism": 3}, None, 6),
        ({"completions": 5, "backoffLimit": 0}, 5, 0),
        ({"completionMode": "Indexed", "completions": 2, "backoffLimitPerIndex": 1}, 2, 2**31 - 1),
    ],
)
def test_a_job_succeeds_once_and_bears_six_failures(spec: Manifest, completions: int | None, limit: int) -> None:
    found = job_spec(**spec)
    assert (found.completions, found.backoff_limit) == (completions, limit)


def test_jobs_of_a_cron_job_have_the_same_defaults() -> None:
    body = loaded("CronJob", "batch/v1", {"schedule": "@daily", "jobTemplate": {"spec": job()}})
    assert isinstance(body, CronJob)
    assert body.spec.job_template.spec == job_spec()
    assert (body.spec.concurrency_policy, body.spec.suspend) == ("Allow", False)
    assert (body.spec.successful_jobs_history_limit, body.spec.failed_jobs_history_limit) == (3, 1)


def test_an_autoscaler_goes_by_cpu_up_at_once_and_down_after_five_minutes() -> None:
    body = loaded("HorizontalPodAutoscaler", "autoscaling/v2", scaling())
    assert isinstance(body, HorizontalPodAutoscaler)
    (metric,) = body.spec.metrics
    assert metric.resource
    assert (metric.resource.name, metric.resource.target) == (
        "cpu",
        MetricTarget(type="Utilization", average_utilization=80),
    )
    behavior = body.spec.behavior
    assert behavior
    assert behavior.scale_up
    assert behavior.scale_down
    assert [(one.type, one.value, one.period_seconds) for one in behavior.scale_up.policies] == [
        ("Pods", 4, 15),
        ("Percent", 100, 15),
    ]
    assert behavior.scale_up.stabilization_window_seconds == 0
    assert [(one.type, one.value, one.period_seconds) for one in behavior.scale_down.policies] == [("Percent", 100, 15)]
    assert behavior.scale_down.stabilization_window_seconds == 300


def test_what_an_autoscaler_says_of_its_pace_stays() -> None:
    policy = {"type": "Pods", "value": 1, "periodSeconds": 60}
    slow = {"policies": [policy], "selectPolicy": "Min", "stabilizationWindowSeconds": 0, "tolerance": "0.2"}
    body = loaded("HorizontalPodAutoscaler", "autoscaling/v2", scaling(behavior={"scaleDown": slow}))
    assert isinstance(body, HorizontalPodAutoscaler)
    down = body.spec.behavior and body.spec.behavior.scale_down
    assert down
    assert (len(down.policies), down.select_policy, down.tolerance) == (1, "Min", "0.2")
    assert down.stabilization_window_seconds == 0


def test_the_bounds_of_containers_are_their_defaults_too() -> None:
    item = {"type": "Container", "max": {"cpu": 2, "memory": "1Gi"}, "min": {"memory": "1Mi"}, "default": {"cpu": 1}}
    body = loaded("LimitRange", "v1", {"limits": [item, {"type": "Pod", "max": {"cpu": 4}}]})
    assert isinstance(body, LimitRange)
    container, pod = body.spec.limits
    assert (container.default, container.default_request) == (
        {"cpu": 1, "memory": "1Gi"},
        {"cpu": 1, "memory": "1Gi"},
    )
    assert (pod.default, pod.default_request) == ({}, {})


def test_a_host_keeps_something_for_itself_and_can_be_drained() -> None:
    text = "apiVersion: trimtab.dev/v1alpha1\nkind: Host\nmetadata: {name: a}\nspec: {local: true%s}\n"
    body = only(text % ", drain: true, reserved: {cpu: 0.5, memory: 1Gi}, allocatable: {pods: 20}")
    assert isinstance(body, Host)
    assert (body.spec.drain, body.spec.reserved, body.spec.allocatable) == (
        True,
        {"cpu": 0.5, "memory": "1Gi"},
        {"pods": 20},
    )
    usual = only(text % "")
    assert isinstance(usual, Host)
    assert (usual.spec.drain, usual.spec.reserved) == (False, {})


def test_what_a_priority_class_is_for_is_kept() -> None:
    text = "apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: {name: a}\nvalue: 5\ndescription: Shops.\n"
    body = only(text)
    assert isinstance(body, PriorityClass)
    assert (body.value, body.description, body.preemption_policy) == (5, "Shops.", "PreemptLowerPriority")
    assert not body.global_default
