"""The same as test_oracle, part by part: each field of a pod in an otherwise plain one, where most values are taken."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings

from agent.manifests import schema as schemas
from tests.manifests.generate import NAMES_OF_OBJECTS, values
from tests.manifests.repo import load_text
from tests.manifests.test_oracle import kubernetes, written

Manifest = dict[str, Any]
QUICK = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
SEARCH = settings(max_examples=3000, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))


def plain() -> Manifest:
    container = {"name": "a", "image": "a", "ports": [{"containerPort": 80, "name": "http"}]}
    sidecar = {"name": "s", "image": "a", "restartPolicy": "Always"}
    volumes = [{"name": name} for name in NAMES_OF_OBJECTS]
    spec = {"containers": [container], "initContainers": [sidecar], "volumes": volumes, "os": {"name": "linux"}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": spec}


def in_spec(field: str, value: object) -> Manifest:
    pod = plain()
    pod["spec"][field] = value
    if field == "overhead":
        pod["spec"]["runtimeClassName"] = "a"
    return pod


def in_container(field: str, value: object) -> Manifest:
    pod = plain()
    pod["spec"]["containers"][0][field] = value
    if field == "restartPolicyRules":
        pod["spec"]["containers"][0]["restartPolicy"] = "Never"
    return pod


def in_volume(field: str, value: object) -> Manifest:
    pod = plain()
    pod["spec"]["volumes"][0][field] = value
    return pod


def fields(name: str, put: Callable[[str, object], Manifest]) -> list[Any]:
    file = schemas._BY_ID[f"https://trimtab.dev/schemas/definitions/{name}.json"]
    struct = {"pod": "PodSpec", "container": "Container", "volume": "Volume"}[name]
    parts = file["$defs"][struct]["properties"]
    return [pytest.param(field, part, file, put, id=f"{struct}.{field}") for field, part in parts.items()]


FIELDS = [*fields("pod", in_spec), *fields("container", in_container), *fields("volume", in_volume)]


@pytest.mark.parametrize(("field", "part", "base", "put"), FIELDS)
def test_what_we_accept_kubernetes_accepts(
    field: str, part: Manifest, base: Manifest, put: Callable[[str, object], Manifest]
) -> None:
    @QUICK
    @given(values(part, base, odd=False) | values(part, base, odd=True))
    def check(value: object) -> None:
        manifest = put(field, value)
        if not load_text(json.dumps(manifest)).problems:
            kubernetes("Pod").validate(written(manifest))

    check()


@pytest.mark.parametrize(("field", "part", "base", "put"), FIELDS)
def test_every_field_can_be_used(
    field: str, part: Manifest, base: Manifest, put: Callable[[str, object], Manifest]
) -> None:
    """The strategies find a value of the field that is accepted, and that says something."""

    def accepted(value: object) -> bool:
        return value not in ([], {}, "") and not load_text(json.dumps(put(field, value))).problems

    found = find(values(part, base, odd=False), accepted, settings=SEARCH)
    kubernetes("Pod").validate(put(field, found))
