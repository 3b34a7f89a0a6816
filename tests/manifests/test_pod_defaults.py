"""What the API server fills into a pod."""

from agent.model.objects import Pod
from agent.model.objects.pod import Container, Probe
from tests.manifests.test_valid import only


def pod(spec: str) -> Pod:
    body = only(f"apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\nspec: {spec}\n")
    assert isinstance(body, Pod)
    return body


def container(fields: str) -> Container:
    return pod(f"{{containers: [{{name: a, image: a, {fields}}}]}}").spec.containers[0]


def test_a_probe_has_its_numbers() -> None:
    probe = container("livenessProbe: {tcpSocket: {port: 80}}").liveness_probe
    assert probe is not None
    numbers = (probe.timeout_seconds, probe.period_seconds, probe.success_threshold, probe.failure_threshold)
    assert numbers == (1, 10, 1, 3)


def test_zero_is_the_default_of_a_probe() -> None:
    zeros = "timeoutSeconds: 0, periodSeconds: 0, successThreshold: 0, failureThreshold: 0"
    probe = container(f"readinessProbe: {{exec: {{command: [a]}}, {zeros}}}").readiness_probe
    assert probe == Probe(exec=probe.exec if probe else None)


def test_a_request_asks_for_the_root() -> None:
    probe = container("startupProbe: {httpGet: {port: 80, path: ''}}").startup_probe
    assert probe
    assert probe.http_get
    assert (probe.http_get.path, probe.http_get.scheme) == ("/", "HTTP")
    lifecycle = container("lifecycle: {preStop: {httpGet: {port: 80, path: ''}}}").lifecycle
    assert lifecycle
    assert lifecycle.pre_stop
    assert lifecycle.pre_stop.http_get
    assert lifecycle.pre_stop.http_get.path == "/"


def test_the_termination_message_has_its_place() -> None:
    found = container("terminationMessagePath: ''")
    assert (found.termination_message_path, found.termination_message_policy) == ("/dev/termination-log", "File")


def test_init_containers_and_image_volumes_have_pull_policies_too() -> None:
    spec = pod(
        "{containers: [{name: a, image: 'a:1'}], initContainers: [{name: i, image: a}],"
        " volumes: [{name: v, image: {reference: a}}, {name: w, image: {reference: 'a:1'}}]}"
    ).spec
    assert spec.init_containers[0].image_pull_policy == "Always"
    assert [volume.image.pull_policy for volume in spec.volumes if volume.image] == ["Always", "IfNotPresent"]
    assert [volume.empty_dir for volume in spec.volumes] == [None, None]


def test_every_limit_is_a_request() -> None:
    found = container("resources: {limits: {memory: 1Gi, hugepages-2Mi: 2Mi, ephemeral-storage: 1Gi}}").resources
    assert found.requests == {"memory": "1Gi", "hugepages-2Mi": "2Mi", "ephemeral-storage": "1Gi"}


def test_a_pods_own_requests_are_its_containers_or_its_limits() -> None:
    spec = pod(
        "{resources: {limits: {cpu: 2, memory: 1Gi}},"
        " containers: [{name: a, image: a, resources: {requests: {cpu: 250m}}}]}"
    ).spec
    assert spec.resources
    assert spec.resources.requests == {"cpu": "0.250", "memory": "1Gi"}


def test_the_service_account_has_two_names() -> None:
    assert pod("{containers: [{name: a, image: a}]}").spec.service_account_name == "default"
    assert pod("{containers: [{name: a, image: a}], serviceAccount: b}").spec.service_account_name == "b"
    both = "{containers: [{name: a, image: a}], serviceAccountName: c, serviceAccount: b}"
    assert pod(both).spec.service_account_name == "c"


def test_kubernetes_own_scheduler_may_be_named() -> None:
    """As exported manifests do; it is the same as saying nothing. Other names are the Agent's profiles."""
    named = pod("{containers: [{name: a, image: a}], schedulerName: default-scheduler}")
    assert named == pod("{containers: [{name: a, image: a}]}")
    assert pod("{containers: [{name: a, image: a}], schedulerName: packed}").spec.scheduler_name == "packed"


def test_a_priority_is_that_of_its_class() -> None:
    spec = pod("{containers: [{name: a, image: a}], priorityClassName: high, preemptionPolicy: Never}").spec
    assert (spec.priority_class_name, spec.preemption_policy) == ("high", "Never")
