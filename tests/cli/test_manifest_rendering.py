"""`get -o yaml` and `-o json`: what Kubernetes would show, field by field, and nothing that is not so."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from agent.cli.render import manifest
from agent.cli.render.get import Entry
from agent.manifests.kinds import API_VERSIONS
from agent.model.kindstatus import AnyKindStatus, BudgetStatus, DaemonSetStatus
from agent.model.objects.autoscaler import (
    AutoscalerSpec,
    HorizontalPodAutoscaler,
    Metric,
    MetricTarget,
    ResourceMetric,
    ScaleTarget,
)
from agent.model.objects.fleet import AnyObject
from agent.model.objects.meta import ObjectKey, ObjectMeta, PodKey
from agent.model.observation import RuntimeFacts
from agent.model.status import ContainerStatus, ObjectStatus, PodCondition, PodStatus, Termination
from agent.reconciler.reporting.snapshot import HostCondition, HostState
from tests.cli.goldens import assert_golden
from tests.cli.scenario import APPS, NOW, Folder, fleet_of
from tests.cli.test_workload_rendering import SHOWN, entry
from tests.manifests.generate import manifests
from tests.manifests.repo import load_text
from tests.manifests.test_oracle import FILES, kubernetes

OURS = ("phase", "reason", "message", "revision", "nextScheduleTime")
"""What a status of ours has besides what Kubernetes has."""


def shown(one: Entry) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(manifest.render_json([one], single=True))
    return found


def declared(text: str) -> AnyObject | None:
    loaded = load_text(text)
    objects = list(loaded.fleet.objects.values()) if loaded.fleet is not None and not loaded.problems else []
    return objects[0].body if len(objects) == 1 else None


@pytest.mark.parametrize("kind", sorted(FILES.keys() - {"Secret"}))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_what_is_shown_of_an_object_declares_the_same_again(kind: str, data: st.DataObject) -> None:
    body = declared(json.dumps(data.draw(manifests(kind, odd=False))))
    if body is not None:
        told = shown(Entry(namespace=body.metadata.namespace, name=body.metadata.name, body=body))
        kubernetes(kind).validate(told)
        assert declared(json.dumps(told)) == body


@pytest.mark.parametrize("index", [index for index, (_, status) in enumerate(SHOWN) if status is not None])
def test_a_status_is_one_that_kubernetes_could_have_shown(index: int) -> None:
    body, told = SHOWN[index]
    document = shown(entry(body, told))
    document["status"] = {name: value for name, value in document["status"].items() if name not in OURS}
    kubernetes(body.kind).validate(document)


@pytest.mark.parametrize(
    ("status", "zeros"),
    [
        (BudgetStatus(), {"disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods"}),
        (
            DaemonSetStatus(),
            {"desiredNumberScheduled", "currentNumberScheduled", "numberMisscheduled", "numberReady"},
        ),
    ],
)
def test_counts_that_mean_something_when_they_are_zero_are_shown(status: AnyKindStatus, zeros: set[str]) -> None:
    body = next(body for body, told in SHOWN if type(told) is type(status))
    found = shown(entry(body, status))["status"]
    assert {name for name, value in found.items() if value == 0} == zeros


def test_metrics_are_those_that_were_asked_for() -> None:
    _, told = next(pair for pair in SHOWN if pair[0].kind == "HorizontalPodAutoscaler")
    target = MetricTarget(type="Utilization", average_utilization=80)
    body = HorizontalPodAutoscaler(
        metadata=ObjectMeta(name="web", namespace="shop"),
        spec=AutoscalerSpec(
            scale_target_ref=ScaleTarget(kind="Deployment", name="web"),
            max_replicas=9,
            metrics=(Metric(type="Resource", resource=ResourceMetric(name="cpu", target=target)),),
        ),
    )
    (metric,) = shown(entry(body, told))["status"]["currentMetrics"]
    assert metric == {"type": "Resource", "resource": {"name": "cpu", "current": {"averageUtilization": 92}}}


def test_an_empty_structure_that_means_something_stays_and_a_field_that_says_nothing_goes() -> None:
    text = """\
apiVersion: v1
kind: Pod
metadata: {name: one}
spec:
  terminationGracePeriodSeconds: 0
  containers: [{name: main, image: x, ports: [{containerPort: 80}], securityContext: {runAsUser: 0}}]
  volumes: [{name: scratch, emptyDir: {}}]
"""
    body = declared(text)
    assert body is not None
    spec = shown(Entry(namespace="default", name="one", body=body))["spec"]
    assert spec["volumes"] == [{"name": "scratch", "emptyDir": {}}]
    assert (spec["terminationGracePeriodSeconds"], spec["containers"][0]["securityContext"]) == (0, {"runAsUser": 0})
    assert spec["containers"][0]["ports"] == [{"containerPort": 80, "protocol": "TCP"}]
    assert "hostNetwork" not in spec
    assert "stdin" not in spec["containers"][0]


def crashing() -> PodStatus:
    last = Termination(exit_code=7, reason="Error", started_at=NOW - 62, finished_at=NOW - 60)
    main = ContainerStatus(
        name="main",
        state="waiting",
        reason="CrashLoopBackOff",
        message="exit code 7",
        restarts=3,
        image="a:1",
        last=last,
    )
    side = ContainerStatus(name="side", state="running", ready=True, started=True, since=NOW - 90, image="b:1")
    made = ContainerStatus(name="init", state="terminated", ready=True, reason="Completed", since=NOW - 95, image="b:1")
    return PodStatus(
        key=PodKey(namespace="shop", name="web-0"),
        owner=ObjectKey(kind="StatefulSet", namespace="shop", name="web"),
        host="edge-1",
        phase="Running",
        ready=False,
        reason="CrashLoopBackOff",
        ips=("10.88.1.3", "fd88::3"),
        created_at=NOW - 100,
        started_at=NOW - 100,
        qos_class="BestEffort",
        containers=(main, side),
        init_containers=(made,),
        conditions=(
            PodCondition(type="PodScheduled", status="True"),
            PodCondition(type="Ready", status="False", reason="ContainersNotReady", message="unready: [main]"),
        ),
    )


def test_a_pod_as_kubectl_shows_it() -> None:
    one = Entry(namespace="shop", name="web-0", pod=crashing())
    assert_golden("get-pod.yaml", manifest.render_yaml([one], single=True))


def test_a_pod_without_a_host_says_nothing_that_only_a_host_could_know() -> None:
    condition = PodCondition(type="PodScheduled", status="False", reason="Unschedulable")
    waiting = replace(
        crashing(),
        host="",
        phase="Pending",
        ips=(),
        created_at=0.0,
        started_at=0.0,
        qos_class="",
        conditions=(condition,),
    )
    found = shown(Entry(namespace="shop", name="web-0", pod=waiting))
    assert "spec" not in found
    assert found["status"] == {
        "conditions": [{"reason": "Unschedulable", "status": "False", "type": "PodScheduled"}],
        "phase": "Pending",
        "reason": "CrashLoopBackOff",
    }


def test_a_host_as_kubectl_shows_a_node() -> None:
    key, host = next((key, one.body) for key, one in fleet_of(Folder(APPS)).objects.items() if key.kind == "Host")
    facts = RuntimeFacts(version="1.7.28", cpu_millis=4000, memory_bytes=8 << 30, addresses=("10.0.0.1",))
    state = HostState(
        name=key.name,
        seen=True,
        since=NOW - 60,
        facts=facts,
        conditions=(HostCondition(type="Ready", status="True", since=NOW - 60),),
    )
    one = Entry(namespace="", name=key.name, body=host, host=state)
    assert_golden("get-host.yaml", manifest.render_yaml([one], single=True))


def test_a_claim_has_the_phase_that_kubernetes_gives_it() -> None:
    key = ObjectKey(kind="PersistentVolumeClaim", namespace="shop", name="data-db-0")
    bound = ObjectStatus(key=key, phase="Ready", reason="Bound", message="bound to volume pvc-1, /srv/1 on edge-1")
    found = shown(Entry(namespace="shop", name=key.name, status=bound))
    assert found["apiVersion"] == API_VERSIONS[key.kind]
    assert found["status"] == {"message": "bound to volume pvc-1, /srv/1 on edge-1", "phase": "Bound"}
