"""Fields explained from the schemas."""

import pytest

from agent.manifests import NoSuchFieldError, explain_field
from agent.manifests.explanation import Explanation
from agent.manifests.schema import SCHEMAS


def test_a_field_says_what_it_takes() -> None:
    found = explain_field("pod.spec.containers.imagePullPolicy")
    assert (found.kind, found.version, found.path) == ("Pod", "v1", "spec.containers.imagePullPolicy")
    assert found.field.description.startswith("When the image is pulled.")
    assert (found.field.type, found.field.required, found.field.default) == ("string", False, None)
    assert found.choices == ("Always", "IfNotPresent", "Never")


def test_a_part_lists_its_fields() -> None:
    found = explain_field("Deployments.spec.template.spec.containers[0].livenessProbe")
    fields = {field.name: field for field in found.fields}
    assert (found.kind, found.version) == ("Deployment", "apps/v1")
    assert found.about.startswith("A check of a container")
    assert (fields["periodSeconds"].default, fields["periodSeconds"].type) == ("10", "integer")
    assert fields["httpGet"].type == "HttpGetAction"


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("pod.spec.containers", "[]Container"),
        ("pod.spec.nodeSelector", "map[string]string"),
        ("pod.spec.containers[web].command", "[]string"),
        ("pod.spec.containers.resources.limits.cpu", "string or number"),
        ("pod.spec.containers.resources.limits.hugepages-2Mi", "string or number"),
        ("pod.metadata.labels.app", "string"),
        ("pod", "Object"),
    ],
)
def test_types_are_written_as_kubectl_does(path: str, shown: str) -> None:
    assert explain_field(path).field.type == shown


def test_what_is_required_and_what_is_bounded() -> None:
    assert explain_field("pod.spec.containers.name").field.required
    port = explain_field("pod.spec.containers.ports.containerPort")
    assert (port.minimum, port.maximum) == (1, 65535)
    assert explain_field("pod.spec.securityContext.sysctls.name").examples[0] == "net.core.somaxconn"
    assert explain_field("pod.spec.containers.image").expected.startswith("an image such as")


def test_what_is_refused_is_explained_too() -> None:
    found = explain_field("pod.spec.volumes.csi")
    assert found.field.refused.startswith("not supported: no CSI drivers")
    assert "csi" in {field.name for field in explain_field("pod.spec.volumes").fields if field.refused}
    assert dict(explain_field("pod.spec.os.name").refused_values)["windows"].startswith("not supported")
    with pytest.raises(NoSuchFieldError, match=r"`Pod.spec.volumes.csi` is not supported: no CSI"):
        explain_field("pod.spec.volumes.csi.driver")


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("pdo.spec", "unknown kind `pdo`, did you mean `Pod`?"),
        ("", "unknown kind ``, kinds are: Agent, ConfigMap, "),
        ("ingress", "kind `Ingress` is not supported yet"),
        ("pod.spec.contaners", "`Pod.spec` has no field `contaners`, did you mean `containers`?"),
        ("pod.spec.os.x", "`Pod.spec.os` has no field `x`, fields are: name"),
        ("pod.spec.hostname.x", "`Pod.spec.hostname` has no fields, so no `x`"),
        ("pod.spec.containers.", "`Pod.spec.containers` has no field ``"),
    ],
)
def test_a_path_that_is_not_there(path: str, message: str) -> None:
    with pytest.raises(NoSuchFieldError) as raised:
        explain_field(path)
    assert str(raised.value).startswith(message)


def test_every_field_of_every_kind_is_explained() -> None:
    todo = [explain_field(kind) for kind in SCHEMAS]
    seen = 0
    while todo:
        found: Explanation = todo.pop()
        seen += 1
        for field in found.fields:
            assert field.refused or (field.description and field.type), f"{found.kind}.{found.path}.{field.name}"
            todo.append(explain_field(f"{found.kind}.{found.path}.{field.name}".replace("..", ".")))
    assert seen > 1000
