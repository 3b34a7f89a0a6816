"""What ``get`` and ``describe`` show of workloads and of what governs them, as a tired operator reads it."""

import json

from agent.cli.render import describe, get, manifest
from agent.cli.render.describe import Subject
from agent.cli.render.get import Entry
from agent.model.kindstatus import (
    AnyKindStatus,
    AutoscalerStatus,
    BudgetStatus,
    Condition,
    CronJobStatus,
    DaemonSetStatus,
    DeploymentStatus,
    JobStatus,
    MetricStatus,
    QuotaStatus,
    ReplicaSetStatus,
    StatefulSetStatus,
)
from agent.model.objects.autoscaler import AutoscalerSpec, HorizontalPodAutoscaler, ScaleTarget
from agent.model.objects.budget import BudgetSpec, PodDisruptionBudget
from agent.model.objects.cronjob import CronJob, CronJobSpec, JobTemplate
from agent.model.objects.daemonset import DaemonSet, DaemonSetSpec
from agent.model.objects.deployment import Deployment, DeploymentSpec
from agent.model.objects.fleet import AnyObject
from agent.model.objects.job import Job, JobSpec
from agent.model.objects.meta import ObjectKey, ObjectMeta
from agent.model.objects.pod import Container, PodSpec, PodTemplate
from agent.model.objects.priority import PriorityClass
from agent.model.objects.quota import LimitRange, LimitRangeItem, LimitRangeSpec, QuotaSpec, ResourceQuota
from agent.model.objects.replicaset import ReplicaSet, ReplicaSetSpec
from agent.model.objects.selector import LabelSelector
from agent.model.objects.statefulset import StatefulSet, StatefulSetSpec
from agent.model.status import ObjectStatus
from tests.cli.goldens import assert_golden

NOW = 1_700_000_000.0
TEMPLATE = PodTemplate(spec=PodSpec(containers=(Container(name="app", image="registry.example/app:2"),)))
SELECTOR = LabelSelector(match_labels={"app": "x"})
STUCK = Condition(
    type="Progressing",
    status="False",
    reason="ProgressDeadlineExceeded",
    message="no progress for 10m",
    since=NOW - 30,
)


def meta(name: str) -> ObjectMeta:
    return ObjectMeta(name=name, namespace="shop")


SHOWN: list[tuple[AnyObject, AnyKindStatus | None]] = [
    (
        Deployment(metadata=meta("web"), spec=DeploymentSpec(selector=SELECTOR, template=TEMPLATE, replicas=3)),
        DeploymentStatus(replicas=4, updated_replicas=1, available_replicas=3, revision=7, conditions=(STUCK,)),
    ),
    (
        ReplicaSet(metadata=meta("old"), spec=ReplicaSetSpec(selector=SELECTOR, template=TEMPLATE, replicas=3)),
        ReplicaSetStatus(replicas=3),
    ),
    (
        StatefulSet(metadata=meta("db"), spec=StatefulSetSpec(selector=SELECTOR, template=TEMPLATE, replicas=3)),
        StatefulSetStatus(current_revision="db-aaa", update_revision="db-bbb"),
    ),
    (
        DaemonSet(metadata=meta("agent"), spec=DaemonSetSpec(selector=SELECTOR, template=TEMPLATE)),
        DaemonSetStatus(current_number_scheduled=3, updated_number_scheduled=2, number_misscheduled=1),
    ),
    (
        Job(metadata=meta("import"), spec=JobSpec(template=TEMPLATE, completions=5, completion_mode="Indexed")),
        JobStatus(active=1, ready=1, succeeded=3, failed=1, completed_indexes="0-2", start_time=NOW - 90),
    ),
    (
        CronJob(
            metadata=meta("backup"),
            spec=CronJobSpec(
                schedule="0 3 * * *",
                time_zone="Europe/Berlin",
                job_template=JobTemplate(spec=JobSpec(template=TEMPLATE)),
            ),
        ),
        CronJobStatus(active=("backup-28333333",), last_schedule_time=NOW - 3600, next_schedule_time=NOW + 82_800),
    ),
    (
        HorizontalPodAutoscaler(
            metadata=meta("web"),
            spec=AutoscalerSpec(
                scale_target_ref=ScaleTarget(kind="Deployment", name="web"), min_replicas=2, max_replicas=9
            ),
        ),
        AutoscalerStatus(
            current_replicas=3,
            desired_replicas=4,
            last_scale_time=NOW - 45,
            current_metrics=(MetricStatus(name="cpu", current="92%", target="80%"),),
        ),
    ),
    (
        PodDisruptionBudget(metadata=meta("web"), spec=BudgetSpec(selector=SELECTOR, min_available="50%")),
        BudgetStatus(disruptions_allowed=1, current_healthy=3, desired_healthy=2, expected_pods=3),
    ),
    (PriorityClass(metadata=ObjectMeta(name="urgent"), value=1000, description="pays the bills"), None),
    (
        ResourceQuota(metadata=meta("most"), spec=QuotaSpec(hard={"pods": "10", "limits.cpu": "4"})),
        QuotaStatus(hard={"pods": "10", "limits.cpu": "4"}, used={"pods": "7"}),
    ),
    (
        LimitRange(
            metadata=meta("sane"),
            spec=LimitRangeSpec(
                limits=(LimitRangeItem(type="Container", max={"cpu": "2"}, default_request={"memory": "64Mi"}),)
            ),
        ),
        None,
    ),
]


def key(body: AnyObject) -> ObjectKey:
    return ObjectKey(kind=body.kind, namespace=body.metadata.namespace, name=body.metadata.name)


def status(body: AnyObject, told: AnyKindStatus | None) -> ObjectStatus:
    return ObjectStatus(
        key=key(body), phase="Progressing", message="waits", wanted=3, updated=1, ready=2, available=2, status=told
    )


def entry(body: AnyObject, told: AnyKindStatus | None) -> Entry:
    return Entry(namespace=body.metadata.namespace, name=body.metadata.name, body=body, status=status(body, told))


def test_tables_of_workloads_are_those_of_kubectl() -> None:
    tables = [
        f"# {body.kind}\n{get.render(body.kind, [entry(body, told)], now=NOW, wide=False, namespaces=False)}"
        for body, told in SHOWN
    ]
    assert_golden("get-workloads.txt", "\n\n".join(tables))


def test_descriptions_of_workloads() -> None:
    told = [
        describe.render(
            Subject(
                key=key(body),
                now=NOW,
                declared_at="x.yaml:1 @ 3f2a",
                metadata=body.metadata,
                body=body,
                status=status(body, told),
            )
        )
        for body, told in SHOWN
    ]
    assert_golden("describe-workloads.txt", "\n\n".join(told))


def test_yaml_holds_the_status_that_kubernetes_would_show() -> None:
    body, told = SHOWN[0]
    shown = json.loads(manifest.render_json([entry(body, told)], single=True))["status"]
    assert (shown["updatedReplicas"], shown["revision"]) == (1, 7)
    assert shown["conditions"] == [
        {
            "type": "Progressing",
            "status": "False",
            "reason": "ProgressDeadlineExceeded",
            "message": "no progress for 10m",
            "lastTransitionTime": "2023-11-14T22:12:50Z",
        }
    ]


def test_a_job_that_a_cronjob_made_is_shown_though_no_file_declares_it() -> None:
    told = JobStatus(succeeded=1, start_time=NOW - 9, completion_time=NOW - 4)
    made = ObjectStatus(key=ObjectKey(kind="Job", namespace="shop", name="backup-28333333"), phase="Ready", status=told)
    line = Entry(namespace="shop", name="backup-28333333", status=made)
    table = get.render("Job", [line], now=NOW, wide=False, namespaces=False)
    assert table.splitlines()[1].split() == ["backup-28333333", "Running", "1", "5s"]
    shown = json.loads(manifest.render_json([line], single=True))
    assert (shown["kind"], shown["status"]["completionTime"]) == ("Job", "2023-11-14T22:13:16Z")
    assert "Completed At:" in describe.render(Subject(key=made.key, now=NOW, declared_at="", status=made))
