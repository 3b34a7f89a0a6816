"""What the API server refuses of workloads, and of what governs them, one fault at a time."""

import json
from typing import Any

import pytest

from tests.manifests.repo import load_text

Manifest = dict[str, Any]
POD: Manifest = {"containers": [{"name": "a", "image": "a"}]}
TO_END: Manifest = {**POD, "restartPolicy": "Never"}
CLAIM: Manifest = {
    "metadata": {"name": "data"},
    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
}
CPU: Manifest = {
    "type": "Resource",
    "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}},
}
QUEUE: Manifest = {
    "type": "External",
    "external": {"metric": {"name": "queue"}, "target": {"type": "AverageValue", "averageValue": 5}},
}


def said(kind: str, version: str, spec: Manifest, *, name: str = "a", at_root: bool = False) -> list[str]:
    """The problems of an object that says so much: path, rule and message of each."""
    body = spec if at_root else {"spec": spec}
    manifest = {"apiVersion": version, "kind": kind, "metadata": {"name": name}, **body}
    return [f"{one.path} {one.rule}: {one.message}" for one in load_text(json.dumps(manifest)).problems]


def selecting(template: Manifest, **spec: object) -> Manifest:
    labels = {"app": "a"}
    return {
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": template},
        **spec,
    }


def job(template: Manifest = TO_END, **spec: object) -> Manifest:
    return {"template": {"spec": template}, **spec}


def rolling(**bounds: object) -> Manifest:
    return {"type": "RollingUpdate", "rollingUpdate": bounds}


@pytest.mark.parametrize("kind", ["Deployment", "ReplicaSet", "StatefulSet", "DaemonSet"])
def test_pods_that_run_for_good(kind: str) -> None:
    assert said(kind, "apps/v1", selecting(POD)) == []
    assert said(kind, "apps/v1", selecting({**POD, "restartPolicy": "Never", "activeDeadlineSeconds": 5})) == [
        f"spec.template.spec.restartPolicy bad-value: pods of a {kind} always restart, `Never` is not possible",
        f"spec.template.spec.activeDeadlineSeconds bad-value: pods of a {kind} run for good, so they have no deadline",
    ]
    other = {**selecting(POD), "selector": {"matchLabels": {"app": "b"}}}
    assert said(kind, "apps/v1", other) == [
        "spec.selector selector-mismatch: the selector does not match the labels of the template"
    ]
    (empty,) = said(kind, "apps/v1", {**selecting(POD), "selector": {}})
    assert empty.startswith("spec.selector bad-value: the selector is empty")


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        ({"progressDeadlineSeconds": 5, "minReadySeconds": 5}, "spec.progressDeadlineSeconds bad-value: this is not m"),
        ({"revisionHistoryLimit": -1}, "spec.revisionHistoryLimit bad-value: `-1` is less than 0"),
    ],
)
def test_deployment(spec: Manifest, problem: str) -> None:
    (found,) = said("Deployment", "apps/v1", selecting(POD, **spec))
    assert found.startswith(problem)


@pytest.mark.parametrize(
    ("name", "spec", "problem"),
    [
        ("a.b", {}, "metadata.name bad-value: pods are called `a.b-0` and so on"),
        ("a" * 53, {}, "metadata.name bad-value: pods are called"),
        (
            "a",
            {"updateStrategy": {"type": "OnDelete", "rollingUpdate": {}}},
            "spec.updateStrategy.rollingUpdate bad-value: `rollingUpdate` has no meaning with the type `OnDelete`",
        ),
        (
            "a",
            {"updateStrategy": rolling(maxUnavailable=0)},
            "spec.updateStrategy.rollingUpdate.maxUnavailable bad-value: with 0 no pod",
        ),
        (
            "a",
            {"updateStrategy": rolling(maxUnavailable="101%")},
            "spec.updateStrategy.rollingUpdate.maxUnavailable bad-value: 101% is more",
        ),
        (
            "a",
            {"volumeClaimTemplates": [CLAIM]},
            "spec.volumeClaimTemplates[0].metadata.name bad-value: no container mounts the claim `data`",
        ),
        (
            "a",
            {"volumeClaimTemplates": [{**CLAIM, "metadata": {"namespace": "b", "name": "data"}}]},
            "spec.volumeClaimTemplates[0].metadata.namespace unsupported-field: field `namespace` is not supported",
        ),
        (
            "a",
            {"template": {"metadata": {"labels": {"app": "a", "apps.kubernetes.io/pod-index": "0"}}, "spec": POD}},
            "spec.template.metadata.labels.apps.kubernetes.io/pod-index reserved-key: key",
        ),
    ],
)
def test_stateful_set(name: str, spec: Manifest, problem: str) -> None:
    found = said("StatefulSet", "apps/v1", selecting(POD) | spec, name=name)
    assert found[0].startswith(problem)


def test_claims_of_a_stateful_set_are_volumes_of_its_pods() -> None:
    mounting = {"containers": [{"name": "a", "image": "a", "volumeMounts": [{"name": "data", "mountPath": "/data"}]}]}
    assert said("StatefulSet", "apps/v1", selecting(mounting, volumeClaimTemplates=[CLAIM])) == []
    twice = said("StatefulSet", "apps/v1", selecting(mounting, volumeClaimTemplates=[CLAIM, CLAIM]))
    assert twice == ["spec.volumeClaimTemplates[1].metadata duplicate: claim `data` is there twice"]
    # What kubectl exports.
    exported = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", **CLAIM}
    assert said("StatefulSet", "apps/v1", selecting(mounting, volumeClaimTemplates=[exported])) == []


@pytest.mark.parametrize(
    ("strategy", "problem"),
    [
        (rolling(maxSurge=1), "spec.updateStrategy.rollingUpdate.maxSurge bad-value: a host is either without"),
        (rolling(maxSurge=0, maxUnavailable=0), "spec.updateStrategy.rollingUpdate bad-value: maxSurge and maxUnav"),
        (rolling(maxUnavailable="101%"), "spec.updateStrategy.rollingUpdate.maxUnavailable bad-value: 101% is more"),
        ({"type": "OnDelete", "rollingUpdate": {}}, "spec.updateStrategy.rollingUpdate bad-value: `rollingUpdate`"),
    ],
)
def test_daemon_set(strategy: Manifest, problem: str) -> None:
    (found,) = said("DaemonSet", "apps/v1", selecting(POD, updateStrategy=strategy))
    assert found.startswith(problem)
    assert said("DaemonSet", "apps/v1", selecting(POD, updateStrategy=rolling(maxSurge=1, maxUnavailable=0))) == []


def failing(**rule: object) -> Manifest:
    return {"podFailurePolicy": {"rules": [{"action": "FailJob", **rule}]}}


def succeeding(**rule: object) -> Manifest:
    return {"completionMode": "Indexed", "completions": 4, "successPolicy": {"rules": [rule]}}


def codes(*values: int, operator: str = "In", **more: object) -> Manifest:
    return {"operator": operator, "values": [*values], **more}


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        ({"selector": {}}, "spec.selector unsupported-field"),
        ({"manualSelector": True}, "spec.manualSelector unsupported-field"),
        ({"managedBy": "a/b"}, "spec.managedBy unsupported-field"),
        ({"completionMode": "Indexed", "parallelism": 2}, "spec.completions missing-field: an Indexed job says"),
        ({"backoffLimitPerIndex": 1}, "spec.backoffLimitPerIndex bad-value: `backoffLimitPerIndex` is about indexes"),
        (
            {"completionMode": "Indexed", "completions": 2, "maxFailedIndexes": 1},
            "spec.maxFailedIndexes missing-field: indexes fail by `backoffLimitPerIndex` only",
        ),
        (
            {"completionMode": "Indexed", "completions": 2, "maxFailedIndexes": 3, "backoffLimitPerIndex": 1},
            "spec.maxFailedIndexes bad-value: there are 2 indexes only",
        ),
        (
            {"completionMode": "Indexed", "completions": 200_000, "backoffLimitPerIndex": 1},
            "spec.maxFailedIndexes missing-field: a job of more than 100000 indexes",
        ),
        ({"completionMode": "Indexed", "completions": 1, "parallelism": 100_001}, "spec.parallelism bad-value: an Ind"),
        ({"completions": 100_001}, "spec.completions too-large: pods of a job that is not Indexed are numbered here"),
        ({"completions": 1, "parallelism": 2**31 - 1}, "spec.parallelism too-large: pods of a job that is not Indexed"),
        ({"successPolicy": {"rules": [{"succeededCount": 1}]}}, "spec.successPolicy bad-value: `successPolicy` is"),
        (succeeding(), "spec.successPolicy.rules[0] one-of: `succeededIndexes`, `succeededCount` or both"),
        (succeeding(succeededIndexes="2,1"), "spec.successPolicy.rules[0].succeededIndexes bad-value: indexes are wri"),
        (succeeding(succeededIndexes="0-2,2"), "spec.successPolicy.rules[0].succeededIndexes bad-value: indexes are w"),
        (succeeding(succeededIndexes="0-4"), "spec.successPolicy.rules[0].succeededIndexes bad-value: there is no in"),
        (
            succeeding(succeededIndexes="0-1,3", succeededCount=4),
            "spec.successPolicy.rules[0].succeededCount bad-value: 4 of 3 indexes cannot succeed",
        ),
        (failing(), "spec.podFailurePolicy.rules[0] one-of: exactly one of `onExitCodes`, `onPodConditions`"),
        (failing(action="FailIndex", onExitCodes=codes(1)), "spec.podFailurePolicy.rules[0].action bad-value"),
        (failing(onExitCodes=codes(0)), "spec.podFailurePolicy.rules[0].onExitCodes.values[0] bad-value"),
        (failing(onExitCodes=codes(2, 1)), "spec.podFailurePolicy.rules[0].onExitCodes.values[1] bad-value"),
        (
            failing(onExitCodes=codes(1, containerName="b")),
            "spec.podFailurePolicy.rules[0].onExitCodes.containerName unknown-container",
        ),
        (
            {**failing(onExitCodes=codes(1)), "podReplacementPolicy": "TerminatingOrFailed"},
            "spec.podReplacementPolicy bad-value: with a podFailurePolicy",
        ),
    ],
)
def test_job(spec: Manifest, problem: str) -> None:
    (found,) = said("Job", "batch/v1", job(**spec))
    assert found.startswith(problem)


def test_pods_of_a_job_end() -> None:
    assert said("Job", "batch/v1", job(POD)) == [
        "spec.template.spec.restartPolicy bad-value: pods of a job end, so they do not always restart"
    ]
    again = {**POD, "restartPolicy": "OnFailure"}
    assert said("Job", "batch/v1", job(again)) == []
    (found,) = said("Job", "batch/v1", job(again, **failing(onExitCodes=codes(1))))
    assert found.startswith("spec.template.spec.restartPolicy bad-value: a podFailurePolicy is about pods that fail")


@pytest.mark.parametrize(("name", "completions", "right"), [("a" * 61, 10, True), ("a" * 61, 11, False)])
def test_indexes_are_part_of_host_names(name: str, completions: int, right: bool) -> None:
    found = said("Job", "batch/v1", job(completionMode="Indexed", completions=completions), name=name)
    assert [line.split()[0] for line in found] == ([] if right else ["metadata.name"])


@pytest.mark.parametrize("name", ["a.b", "a" * 63])
def test_the_name_of_a_job_is_a_label(name: str) -> None:
    assert said("Job", "batch/v1", job(), name=name) == []
    (found,) = said("Job", "batch/v1", job(), name=name + "a" * 64)
    assert found.startswith("metadata.name bad-value: the name has")


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        ({"schedule": "* * * *"}, 'spec.schedule bad-value: "* * * *" has 4 fields instead of five'),
        ({"schedule": "61 * * * *"}, "spec.schedule bad-value: minute"),
        ({"schedule": "@every"}, "spec.schedule bad-value"),
        ({"schedule": "TZ=UTC 0 0 * * *"}, "spec.schedule bad-value: a schedule has no TZ="),
        ({"schedule": "0 0 30 2 *"}, "spec.schedule bad-value: `0 0 30 2 *` is no day of any year"),
        ({"timeZone": "Europe/Berln"}, 'spec.timeZone bad-value: "Europe/Berln" is no IANA time zone'),
        ({"timeZone": "../etc/passwd"}, "spec.timeZone bad-value"),
        ({"jobTemplate": {"spec": job(POD)}}, "spec.jobTemplate.spec.template.spec.restartPolicy bad-value"),
    ],
)
def test_cron_job(spec: Manifest, problem: str) -> None:
    (found,) = said("CronJob", "batch/v1", {"schedule": "*/5 * * * *", "jobTemplate": {"spec": job()}, **spec})
    assert found.startswith(problem)


def test_a_cron_job_leaves_room_for_the_time_in_names() -> None:
    spec = {"schedule": "@daily", "timeZone": "Europe/Berlin", "jobTemplate": {"spec": job()}}
    assert said("CronJob", "batch/v1", spec, name="a" * 52) == []
    (found,) = said("CronJob", "batch/v1", spec, name="a" * 53)
    assert found.startswith("metadata.name bad-value: the name has 53 characters")


def scaling(**spec: object) -> Manifest:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "a"}
    return {"scaleTargetRef": target, "maxReplicas": 4, **spec}


def to(metric: Manifest, **target: object) -> Manifest:
    source = {"Resource": "resource", "External": "external"}[metric["type"]]
    return {"metrics": [{**metric, source: {**metric[source], "target": target}}]}


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        ({"minReplicas": 5}, "spec.maxReplicas bad-value: this is less than minReplicas, 5"),
        ({"minReplicas": 0}, "spec.minReplicas bad-value: `0` is less than 1"),
        ({"scaleTargetRef": {"kind": "Deployment", "name": "a"}}, "spec.scaleTargetRef.apiVersion wrong-api-version"),
        ({"scaleTargetRef": {"kind": "DaemonSet", "name": "a"}}, "spec.scaleTargetRef.kind bad-value"),
        ({"metrics": [{"type": "Pods"}]}, "spec.metrics[0].type unsupported-value: `Pods` is not supported: there"),
        ({"metrics": [{**CPU, "pods": {}}]}, "spec.metrics[0].pods unsupported-field"),
        ({"metrics": [{"type": "Resource"}]}, "spec.metrics[0].resource missing-field: the metric is of type"),
        ({"metrics": [{**QUEUE, "resource": CPU["resource"]}]}, "spec.metrics[0].resource one-of: the metric is of"),
        (to(CPU, type="Value", value=1), "spec.metrics[0].resource.target.type bad-value: the target of this metric"),
        (to(CPU, type="Utilization"), "spec.metrics[0].resource.target.averageUtilization missing-field"),
        (to(CPU, type="AverageValue", averageValue=0), "spec.metrics[0].resource.target.averageValue bad-value: the"),
        (
            to(CPU, type="AverageValue", averageValue=1, averageUtilization=50),
            "spec.metrics[0].resource.target.averageUtilization one-of",
        ),
        (to(QUEUE, type="Utilization", averageUtilization=1), "spec.metrics[0].external.target.type bad-value"),
        ({"behavior": {"scaleUp": {"policies": []}}}, "spec.behavior.scaleUp.policies bad-value: the list needs"),
        ({"behavior": {"scaleUp": {"stabilizationWindowSeconds": 3601}}}, "spec.behavior.scaleUp.stabilizationWindow"),
    ],
)
def test_autoscaler(spec: Manifest, problem: str) -> None:
    (found,) = said("HorizontalPodAutoscaler", "autoscaling/v2", scaling(**spec))
    assert found.startswith(problem)


def test_autoscalers_as_kubernetes_takes_them() -> None:
    slow = {"scaleDown": {"selectPolicy": "Disabled", "tolerance": "50m"}}
    assert said("HorizontalPodAutoscaler", "autoscaling/v2", scaling(metrics=[CPU, QUEUE], behavior=slow)) == []


@pytest.mark.parametrize(
    ("metric", "query", "rule"), [("queue", "up", ""), ("quue", "up", "bad-reference"), ("queue", " ", "bad-value")]
)
def test_a_question_is_that_of_a_metric(metric: str, query: str, rule: str) -> None:
    key = f"prometheus.trimtab.dev/{metric}"
    metadata = {"name": "a", "annotations": {key: query}}
    manifest = {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": metadata}
    found = load_text(json.dumps({**manifest, "spec": scaling(metrics=[QUEUE])})).problems
    assert [(one.path, one.rule) for one in found] == ([(f"metadata.annotations.{key}", rule)] if rule else [])


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        ({}, "spec one-of: exactly one of `minAvailable`, `maxUnavailable` is needed"),
        ({"minAvailable": 1, "maxUnavailable": 1}, "spec.maxUnavailable one-of: only one of these may be given"),
        ({"minAvailable": "101%"}, "spec.minAvailable bad-value: 101% is more than all of them"),
        ({"minAvailable": 1, "selector": None}, "spec.selector missing-field: without a selector"),
    ],
)
def test_budget(spec: Manifest, problem: str) -> None:
    (found,) = said("PodDisruptionBudget", "policy/v1", {"selector": {}} | spec)
    assert found.startswith(problem)


@pytest.mark.parametrize(
    ("name", "spec", "problem"),
    [
        ("a", {"value": 1_000_000_001}, "value bad-value: `1000000001` is more than 1000000000"),
        ("system-mine", {"value": 1}, "metadata.name bad-value: names with `system-` are kept for"),
        ("a", {"value": 1, "preemptionPolicy": "Always"}, "preemptionPolicy bad-value"),
    ],
)
def test_priority_class(name: str, spec: Manifest, problem: str) -> None:
    (found,) = said("PriorityClass", "scheduling.k8s.io/v1", spec, name=name, at_root=True)
    assert found.startswith(problem)


def scoped(operator: str, *values: str, name: str = "PriorityClass") -> Manifest:
    requirement = {"scopeName": name, "operator": operator, **({"values": [*values]} if values else {})}
    return {"scopeSelector": {"matchExpressions": [requirement]}}


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        ({"hard": {"request.cpu": 1}}, "spec.hard.request.cpu bad-key: key `request.cpu` is not valid"),
        ({"hard": {"pods": "1500m"}}, "spec.hard.pods bad-value: `pods` is counted, so 1500m is not possible"),
        ({"hard": {"count/jobs.batch": 0.5}}, "spec.hard.count/jobs.batch bad-value"),
        ({"scopes": ["BestEffort", "NotBestEffort"]}, "spec.scopes[1] bad-value: no pod is of both"),
        ({"scopes": ["BestEffort"], "hard": {"cpu": 1}}, "spec.hard.cpu bad-value: pods of the scope `BestEffort`"),
        ({"scopes": ["Terminating"], "hard": {"secrets": 1}}, "spec.hard.secrets bad-value: the scope `Terminating`"),
        ({"scopes": ["VolumeAttributesClass"]}, "spec.scopes[0] unsupported-value"),
        (scoped("In"), "spec.scopeSelector.matchExpressions[0].values bad-value: the operator `In` needs values"),
        (scoped("Exists", "a"), "spec.scopeSelector.matchExpressions[0].values bad-value: the operator `Exists` takes"),
        (scoped("NotIn", "a", name="Terminating"), "spec.scopeSelector.matchExpressions[0].operator bad-value"),
    ],
)
def test_quota(spec: Manifest, problem: str) -> None:
    (found,) = said("ResourceQuota", "v1", spec)
    assert found.startswith(problem)


@pytest.mark.parametrize(
    "hard", [{"requests.cpu": "1500m"}, {"gold.storageclass.storage.k8s.io/requests.storage": "1Gi"}, {"services": 0}]
)
def test_what_a_quota_counts(hard: Manifest) -> None:
    assert said("ResourceQuota", "v1", {"hard": hard}) == []


@pytest.mark.parametrize(
    ("item", "problem"),
    [
        ({"min": {"cpu": 2}, "max": {"cpu": 1}}, "spec.limits[0].min.cpu bad-value: 2 of cpu is more than `max`, 1"),
        ({"default": {"cpu": 2}, "max": {"cpu": 1}}, "spec.limits[0].default.cpu bad-value: 2 of cpu is more than"),
        (
            {"default": {"cpu": 1}, "defaultRequest": {"cpu": 2}},
            "spec.limits[0].defaultRequest.cpu bad-value: 2 of cpu is more than `default`, 1",
        ),
        ({"max": {"storage": "1Gi"}}, "spec.limits[0].max.storage bad-value: only claims ask for `storage`"),
        ({"type": "PersistentVolumeClaim"}, "spec.limits[0] missing-field: bounds of claims"),
        ({"type": "PersistentVolumeClaim", "max": {"cpu": 1}}, "spec.limits[0].max.cpu bad-value: claims ask for"),
        ({"type": "Pod", "default": {"cpu": 1}}, "spec.limits[0].default bad-value: only containers get defaults"),
        ({"maxLimitRequestRatio": {"cpu": "500m"}}, "spec.limits[0].maxLimitRequestRatio.cpu bad-value: a limit is"),
        (
            {"min": {"cpu": 1}, "max": {"cpu": 2}, "maxLimitRequestRatio": {"cpu": 3}},
            "spec.limits[0].maxLimitRequestRatio.cpu bad-value: `max` is only 2 times `min`",
        ),
    ],
)
def test_limit_range(item: Manifest, problem: str) -> None:
    (found,) = said("LimitRange", "v1", {"limits": [{"type": "Container", **item}]})
    assert found.startswith(problem)


def test_one_limit_range_says_of_a_type_once() -> None:
    item = {"type": "Container", "max": {"cpu": 1}}
    (found,) = said("LimitRange", "v1", {"limits": [item, item]})
    assert found.startswith("spec.limits[1].type duplicate: type `Container` is there twice")
