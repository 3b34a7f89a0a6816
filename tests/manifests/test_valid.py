"""What a good revision becomes."""

from agent.model.objects import ConfigMap, Deployment, Host, ObjectKey, Pod, RollingUpdate
from agent.model.objects.fleet import AnyObject
from agent.model.objects.pod import ContainerPort, EmptyDirVolume
from agent.model.origin import Origin
from tests.manifests.repo import HOST, load_files, load_text, shown

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - {name: web, image: "web:1"}
"""


def only(text: str) -> AnyObject:
    loaded = load_text(text)
    assert loaded.fleet is not None, loaded.problems
    (declared,) = loaded.fleet.objects.values()
    return declared.body


def pod(spec: str) -> Pod:
    body = only(f"apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\nspec: {spec}\n")
    assert isinstance(body, Pod)
    return body


def policy(image: str) -> str | None:
    return pod(f"{{containers: [{{name: a, image: '{image}'}}]}}").spec.containers[0].image_pull_policy


def test_objects_come_sorted_with_the_place_where_they_are_written() -> None:
    list_of_two = """\
apiVersion: v1
kind: List
items:
  - {apiVersion: v1, kind: ConfigMap, metadata: {name: two}}
  - {apiVersion: v1, kind: ConfigMap, metadata: {name: one}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: three}
"""
    loaded = load_files({"hosts.yaml": HOST, "apps/config.yml": list_of_two})
    assert loaded.fleet is not None
    assert (loaded.documents, loaded.files) == (4, 2)
    assert {str(key): declared.origin for key, declared in loaded.fleet.objects.items()} == {
        "ConfigMap default/one": Origin(file="apps/config.yml", document=1, line=5, column=5),
        "ConfigMap default/three": Origin(file="apps/config.yml", document=2, line=7, column=1),
        "ConfigMap default/two": Origin(file="apps/config.yml", document=0, line=4, column=5),
        "Host edge-1": Origin(file="hosts.yaml", document=0, line=1, column=1),
    }
    assert list(loaded.fleet.objects) == sorted(loaded.fleet.objects)


def test_other_files_are_left_alone() -> None:
    loaded = load_files({"hosts.yaml": HOST, "README.md": "# hello", "script.sh": "exit"})
    assert (loaded.files, loaded.problems) == (1, ())


def test_pull_policy_follows_the_tag() -> None:
    digest = "@sha256:" + "0" * 64
    assert policy("web") == "Always"
    assert policy("web:latest") == "Always"
    assert policy("registry:5000/web") == "Always"
    assert policy("registry:5000/web:1.2") == "IfNotPresent"
    assert policy(f"web{digest}") == "IfNotPresent"
    assert policy(f"web:1{digest}") == "IfNotPresent"


def test_requests_follow_limits() -> None:
    spec = "{containers: [{name: a, image: a, resources: {limits: {cpu: 1, memory: 64Mi}, requests: {cpu: 100m}}}]}"
    assert pod(spec).spec.containers[0].resources.requests == {"cpu": "100m", "memory": "64Mi"}


def test_volume_without_source_is_an_empty_folder() -> None:
    assert (
        pod("{containers: [{name: a, image: a}], volumes: [{name: v}]}").spec.volumes[0].empty_dir == EmptyDirVolume()
    )


def test_ports_on_the_hosts_network_are_the_hosts() -> None:
    spec = pod(
        "{hostNetwork: true, containers: [{name: a, image: a, ports: [{containerPort: 80, hostIP: 10.0.0.1}]}]}"
    ).spec
    assert spec.containers[0].ports == (ContainerPort(container_port=80, host_port=80, host_ip="10.0.0.1"),)


def test_deployment_rolls_by_a_quarter() -> None:
    body = only(DEPLOYMENT)
    assert isinstance(body, Deployment)
    assert body.metadata.namespace == "default"
    assert body.spec.replicas == 1
    assert body.spec.strategy.rolling_update == RollingUpdate(max_surge="25%", max_unavailable="25%")
    recreated = only(DEPLOYMENT.replace("spec:\n  sel", "spec:\n  strategy: {type: Recreate}\n  sel"))
    assert isinstance(recreated, Deployment)
    assert recreated.spec.strategy.rolling_update is None


def test_hosts_belong_to_no_namespace() -> None:
    loaded = load_files({"hosts.yaml": HOST})
    assert loaded.fleet is not None
    assert list(loaded.fleet.objects) == [ObjectKey(kind="Host", namespace="", name="edge-1")]
    assert isinstance(next(iter(loaded.fleet.objects.values())).body, Host)


def test_fields_without_a_value_are_as_if_not_written() -> None:
    """What ``kubectl create --dry-run`` writes, and ``value:`` with nothing behind it."""
    text = DEPLOYMENT.replace("{name: web}", "{name: web, creationTimestamp: null}").replace(
        '"web:1"}', '"web:1", resources: {}, command: null, env: [{name: A, value: null}]}'
    )
    body = only(text)
    assert isinstance(body, Deployment)
    assert body.spec.template.spec.containers[0].env[0].value == ""


def test_a_resource_without_a_value_is_not_left_out() -> None:
    """Resources are entries of a map, not fields: Kubernetes would take nothing for 0."""
    pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: a, %s}]}\n"
    found = shown(load_text(pod % "resources: {limits: {cpu: null}}"))
    assert [line.split(" ", 1)[1] for line in found] == ["wrong-type: expected a number or a text, found nothing"]


def test_an_entry_without_a_value_is_not_left_out() -> None:
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  key:\n"
    assert shown(load_text(text)) == ["a.yaml:5:3 wrong-type: expected a text, found nothing"]


def test_numbers_that_mean_whole_ones_are_taken_as_kubernetes_does() -> None:
    body = only(DEPLOYMENT.replace("spec:\n  sel", "spec:\n  replicas: 3e0\n  sel"))
    assert isinstance(body, Deployment)
    assert (body.spec.replicas, type(body.spec.replicas)) == (3, int)


def test_block_text_is_kept_as_written() -> None:
    body = only("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  a.conf: |\n    x = 1\n\n    yes\n")
    assert isinstance(body, ConfigMap)
    assert body.data == {"a.conf": "x = 1\n\nyes\n"}
