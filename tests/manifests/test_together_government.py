"""What governs workloads, and the workloads that it governs: right by themselves, and wrong with each other."""

import json
from typing import Any

import pytest

from agent.manifests import Loaded
from agent.model.objects import ObjectKey
from agent.model.objects.cronjob import CronJob
from agent.model.objects.deployment import Deployment
from tests.manifests.repo import HOST, load_files

Manifest = dict[str, Any]


def made(kind: str, version: str, spec: Manifest, name: str = "a", **root: object) -> Manifest:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name}, **({"spec": spec} if spec else {}), **root}


def load(*manifests: Manifest) -> Loaded:
    return load_files({"hosts.yaml": HOST, **{f"{n}.yaml": json.dumps(one) for n, one in enumerate(manifests)}})


def said(*manifests: Manifest) -> list[str]:
    """The problems of a source: file, path, rule and message of each."""
    return [f"{one.location.file} {one.path} {one.rule}: {one.message}" for one in load(*manifests).problems]


def pod(name: str = "p", resources: Manifest | None = None, **spec: object) -> Manifest:
    return made("Pod", "v1", {"containers": [{"name": "c", "image": "a", "resources": resources or {}}], **spec}, name)


def deployment(resources: Manifest | None = None, **spec: object) -> Manifest:
    template = {"metadata": {"labels": {"a": "a"}}, "spec": pod(resources=resources)["spec"]}
    return made("Deployment", "apps/v1", {"selector": {"matchLabels": {"a": "a"}}, "template": template, **spec}, "web")


def priority(name: str, **root: object) -> Manifest:
    return made("PriorityClass", "scheduling.k8s.io/v1", {}, name, value=5, **root)


def autoscaler(name: str = "a", target: str = "web", **spec: object) -> Manifest:
    reference = {"apiVersion": "apps/v1", "kind": "Deployment", "name": target}
    return made(
        "HorizontalPodAutoscaler", "autoscaling/v2", {"scaleTargetRef": reference, "maxReplicas": 3, **spec}, name
    )


def limits(**item: object) -> Manifest:
    return made("LimitRange", "v1", {"limits": [{"type": "Container", **item}]}, "usual")


ASKING = {"requests": {"cpu": "100m"}}


def test_a_priority_class_that_is_not_there() -> None:
    assert said(pod(priorityClassName="hihg"), priority("high")) == [
        "0.yaml spec.priorityClassName missing-reference: PriorityClass hihg is not there, did you mean `high`?"
    ]
    assert said(pod(priorityClassName="system-node-critical")) == []


def test_one_default_priority() -> None:
    assert said(priority("one", globalDefault=True), priority("two", globalDefault=True), priority("three")) == [
        "1.yaml globalDefault duplicate: PriorityClass one is the default already"
    ]


@pytest.mark.parametrize(
    ("spec", "classes", "problem"),
    [
        ({"preemptionPolicy": "Never"}, [], "without a PriorityClass it is PreemptLowerPriority"),
        (
            {"preemptionPolicy": "Never", "priorityClassName": "high"},
            [priority("high")],
            "PriorityClass high says PreemptLowerPriority",
        ),
        (
            {"preemptionPolicy": "PreemptLowerPriority"},
            [priority("calm", preemptionPolicy="Never", globalDefault=True)],
            "PriorityClass calm says Never",
        ),
        ({"preemptionPolicy": "Never"}, [priority("calm", preemptionPolicy="Never", globalDefault=True)], ""),
        ({"preemptionPolicy": "PreemptLowerPriority", "priorityClassName": "system-node-critical"}, [], ""),
    ],
)
def test_a_pod_says_what_its_priority_class_says(spec: Manifest, classes: list[Manifest], problem: str) -> None:
    said_of_it = (
        f"0.yaml spec.preemptionPolicy bad-reference: the policy of a pod follows from its class, and {problem}"
    )
    assert said(pod(**spec), *classes) == ([said_of_it] if problem else [])


def test_a_workload_that_is_not_there_to_be_scaled() -> None:
    assert said(deployment(ASKING), autoscaler(target="wbe")) == [
        "1.yaml spec.scaleTargetRef.name missing-reference: Deployment default/wbe is not there, did you mean `web`?"
    ]


def test_two_autoscalers_of_one_workload() -> None:
    (found,) = said(deployment(ASKING), autoscaler("one"), autoscaler("two"))
    assert found.startswith("2.yaml spec.scaleTargetRef duplicate: Deployment default/web is scaled by Horiz")


def test_a_percentage_is_of_a_request() -> None:
    message = "container c of Deployment default/web requests no cpu, so its use is no percentage"
    assert said(deployment(), autoscaler()) == [f"1.yaml spec.metrics[0] bad-reference: {message}"]
    assert said(deployment(), autoscaler(), limits(defaultRequest={"cpu": "100m"})) == []
    amount = {"name": "cpu", "target": {"type": "AverageValue", "averageValue": "100m"}}
    assert said(deployment(), autoscaler(metrics=[{"type": "Resource", "resource": amount}])) == []


def test_a_container_that_is_not_there_to_be_measured() -> None:
    target = {"type": "Utilization", "averageUtilization": 50}
    source = {"name": "cpu", "container": "d", "target": target}
    metric = {"type": "ContainerResource", "containerResource": source}
    (found,) = said(deployment(ASKING), autoscaler(metrics=[metric]))
    assert found.startswith("1.yaml spec.metrics[0].containerResource.container unknown-container: pods of Deployment")


def test_a_limit_range_fills_in_what_containers_leave_out() -> None:
    cron = made(
        "CronJob",
        "batch/v1",
        {"schedule": "@daily", "jobTemplate": {"spec": {"template": {"spec": pod(restartPolicy="Never")["spec"]}}}},
    )
    usual = limits(default={"cpu": 1, "memory": "1Gi"}, defaultRequest={"cpu": "100m"})
    fleet = load(deployment({"requests": {"memory": "64Mi"}}), cron, usual).fleet
    assert fleet
    web = fleet.objects[ObjectKey(kind="Deployment", namespace="default", name="web")].body
    assert isinstance(web, Deployment)
    resources = web.spec.template.spec.containers[0].resources
    assert (resources.limits, resources.requests) == (
        {"cpu": 1, "memory": "1Gi"},
        {"cpu": "100m", "memory": "64Mi"},
    )
    daily = fleet.objects[ObjectKey(kind="CronJob", namespace="default", name="a")].body
    assert isinstance(daily, CronJob)
    of_jobs = daily.spec.job_template.spec.template.spec.containers[0].resources
    assert (of_jobs.limits, of_jobs.requests) == ({"cpu": 1, "memory": "1Gi"}, {"cpu": "100m", "memory": "1Gi"})


def test_a_limit_range_is_about_its_own_namespace() -> None:
    other = made("Namespace", "v1", {}, "other")
    usual = limits(default={"cpu": 1}, max={"cpu": 1})
    usual["metadata"]["namespace"] = "other"
    fleet = load(pod(), other, usual).fleet
    assert fleet
    assert "limits={}" in str(fleet.objects[ObjectKey(kind="Pod", namespace="default", name="p")])


@pytest.mark.parametrize(
    ("resources", "item", "message"),
    [
        ({"limits": {"cpu": 2}}, {"max": {"cpu": 1}}, "is limited to 2 of cpu, at most 1 is allowed"),
        ({"limits": {"cpu": "10m"}}, {"min": {"cpu": "50m"}}, "is limited to 0.01 of cpu, at least 0.05 is allowed"),
        (
            {"requests": {"cpu": 2}},
            {"default": {"cpu": 1}},
            "asks for 2 of cpu, and has no limit but 1, which is given",
        ),
        (
            {"requests": {"cpu": 1}, "limits": {"cpu": 3}},
            {"maxLimitRequestRatio": {"cpu": 2}},
            "needs a limit of cpu that is at most 2 times its request, as is said",
        ),
    ],
)
def test_containers_beyond_a_limit_range(resources: Manifest, item: Manifest, message: str) -> None:
    found = said(deployment(resources), limits(**item))
    path = "spec.template.spec.containers[0].resources"
    assert f"0.yaml {path} limit-range: container c {message} by LimitRange default/usual" in found


def test_the_place_of_a_container_beyond_a_limit_range() -> None:
    text = """\
apiVersion: v1
kind: Pod
metadata: {name: a}
spec:
  containers:
    - {name: a, image: a}
    - {name: b, image: a, resources: {limits: {cpu: 2}}}
"""
    found = load_files({"pod.yaml": text, "limits.yaml": json.dumps(limits(max={"cpu": 1}))}, whole=False).problems
    assert [(str(one.location), one.related[0].file) for one in found] == [
        ("pod.yaml:7:7", "limits.yaml"),
        ("pod.yaml:7:7", "limits.yaml"),
    ]


def test_whole_pods_and_claims_have_bounds_too() -> None:
    pods = made("LimitRange", "v1", {"limits": [{"type": "Pod", "max": {"cpu": 1}}]})
    assert said(pod(resources={"limits": {"cpu": 2}}), pods) == [
        "0.yaml spec limit-range: the pod asks for 2 of cpu, at most 1 is allowed by LimitRange default/a",
        "0.yaml spec limit-range: the pod is limited to 2 of cpu, at most 1 is allowed by LimitRange default/a",
    ]
    assert said(pod(), pods) == [
        "0.yaml spec limit-range: the pod has no limit of cpu, at most 1 is allowed by LimitRange default/a"
    ]
    claims = made("LimitRange", "v1", {"limits": [{"type": "PersistentVolumeClaim", "max": {"storage": "1Gi"}}]})
    asked = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "2Gi"}}}
    (found,) = said(made("PersistentVolumeClaim", "v1", asked), claims)
    assert found.startswith("0.yaml spec.resources limit-range: the claim asks for 2147483648 of storage, at most")
    ephemeral = {"name": "v", "ephemeral": {"volumeClaimTemplate": {"spec": asked}}}
    (found,) = said(pod(volumes=[ephemeral]), claims)
    assert found.startswith("0.yaml spec.volumes[0].ephemeral.volumeClaimTemplate.spec.resources limit-range")


def quota(hard: Manifest, **spec: object) -> Manifest:
    return made("ResourceQuota", "v1", {"hard": hard, **spec}, "all")


def stateful(replicas: int) -> Manifest:
    asked = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "2Gi"}}}
    container = {"name": "c", "image": "a", "volumeMounts": [{"name": "data", "mountPath": "/data"}]}
    template = {"metadata": {"labels": {"a": "a"}}, "spec": {"containers": [container]}}
    claims = [{"metadata": {"name": "data"}, "spec": asked}]
    spec = {"selector": {"matchLabels": {"a": "a"}}, "template": template, "replicas": replicas}
    return made("StatefulSet", "apps/v1", {**spec, "volumeClaimTemplates": claims}, "db")


@pytest.mark.parametrize(
    ("hard", "objects", "problem"),
    [
        (
            {"pods": 3},
            [pod(), deployment(replicas=3)],
            "1.yaml spec quota: ResourceQuota default/all allows 3 of pods, this wants 3 beside the 1 of others",
        ),
        (
            {"requests.cpu": "1500m"},
            [deployment({"requests": {"cpu": 1}}, replicas=2)],
            "0.yaml spec quota: ResourceQuota default/all allows 1500m of requests.cpu, this wants 2",
        ),
        (
            {"limits.memory": "1Gi"},
            [pod(resources={"limits": {"memory": "2Gi"}})],
            "0.yaml spec quota: ResourceQuota default/all allows 1Gi of limits.memory, this wants 2Gi",
        ),
        (
            {"requests.storage": "5Gi"},
            [stateful(3)],
            "0.yaml spec quota: ResourceQuota default/all allows 5Gi of requests.storage, this wants 6Gi",
        ),
        (
            {"count/deployments.apps": 0},
            [deployment()],
            "1.yaml spec.hard.count/deployments.apps quota: the source declares 1 of count/deployments.apps, at most 0",
        ),
        (
            {"requests.cpu": 4},
            [pod()],
            "0.yaml spec quota: ResourceQuota default/all wants every container to say what it counts: requests.cpu",
        ),
        (
            {"pods": 1},
            [autoscaler(minReplicas=2), deployment(ASKING)],
            "1.yaml spec quota: ResourceQuota default/all allows 1 of pods, this wants 2",
        ),
    ],
)
def test_what_does_not_fit_a_quota(hard: Manifest, objects: list[Manifest], problem: str) -> None:
    (found,) = said(*objects, quota(hard))
    assert found.startswith(problem)
    (one,) = load(*objects, quota(hard)).problems
    place = f"{len(objects)}.yaml"
    assert place in (one.location.file, *(other.file for other in one.related))


@pytest.mark.parametrize(
    ("objects", "more"),
    [
        ([pod(), deployment(replicas=2)], {}),
        ([deployment(replicas=5), autoscaler(minReplicas=2)], {}),
        ([deployment(replicas=9, resources=ASKING)], {"scopes": ["BestEffort"]}),
        ([pod("p", priorityClassName="system-node-critical"), deployment(replicas=3)], {"scopes": ["PriorityClass"]}),
    ],
)
def test_what_fits_a_quota(objects: list[Manifest], more: Manifest) -> None:
    usual = limits(defaultRequest={"cpu": "1m"})
    objects = [*objects, usual] if any(one["kind"] == "HorizontalPodAutoscaler" for one in objects) else objects
    assert said(*objects, quota({"pods": 3}, **more)) == []


def test_a_job_needs_room_for_one_pod_only() -> None:
    spec = {"parallelism": 8, "completions": 8, "template": {"spec": pod(restartPolicy="Never")["spec"]}}
    assert said(made("Job", "batch/v1", spec), deployment(replicas=2), quota({"pods": 2})) == []
    assert said(made("Job", "batch/v1", spec), quota({"pods": 0})) == [
        "0.yaml spec quota: ResourceQuota default/all allows 0 of pods, this wants 1"
    ]


def test_a_quota_of_cpu_is_met_by_what_a_limit_range_gives() -> None:
    assert said(pod(), limits(defaultRequest={"cpu": 1}), quota({"requests.cpu": 1})) == []
    (found,) = said(pod(), limits(defaultRequest={"cpu": 2}), quota({"requests.cpu": 1}))
    assert found.startswith("0.yaml spec quota: ResourceQuota default/all allows 1 of requests.cpu, this wants 2")


def test_a_pod_that_is_called_like_one_of_a_stateful_set() -> None:
    assert said(stateful(1), pod("db-0"), pod("db-00"), pod("db-x")) == [
        "1.yaml metadata.name duplicate: pods of StatefulSet default/db are called so"
    ]


def on_each_host(name: str, **spec: object) -> Manifest:
    ports = [{"containerPort": 80, "hostPort": 80}]
    template = {"containers": [{"name": "c", "image": "a", "ports": ports}], **spec}
    labelled = {"metadata": {"labels": {"a": "a"}}, "spec": template}
    return made("DaemonSet", "apps/v1", {"selector": {"matchLabels": {"a": "a"}}, "template": labelled}, name)


def test_a_daemon_set_wants_its_port_on_every_host() -> None:
    (found,) = said(on_each_host("one"), on_each_host("two"))
    assert found.endswith(
        "host-port-conflict: host port 80 TCP of host edge-1 is taken by DaemonSet default/one already"
    )
    elsewhere = {"matchExpressions": [{"key": "gpu", "operator": "Exists"}]}
    affinity = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [elsewhere]}}}
    assert said(on_each_host("one"), on_each_host("two", affinity=affinity)) == []


def test_jobs_can_wait_for_a_port() -> None:
    template = {**on_each_host("one")["spec"]["template"]["spec"], "restartPolicy": "Never"}
    job = made("Job", "batch/v1", {"parallelism": 3, "completions": 3, "template": {"spec": template}})
    assert said(on_each_host("one"), job) == []
