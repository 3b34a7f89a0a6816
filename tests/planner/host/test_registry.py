"""Credentials for pulls: read from docker configs that anybody may have written, matched as a kubelet does."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.model.desired import ConfigData, DesiredPod
from agent.model.objects.meta import ConfigKey
from agent.model.objects.pod import SecretRef
from agent.model.origin import Origin
from agent.planner.host import RenderedPod, machine, render_pod
from tests.planner.host.build import FACTS, KEY, container, pod


def data(name: str, content: bytes, key: str = ".dockerconfigjson") -> ConfigData:
    return ConfigData(key=ConfigKey(kind="Secret", name=name), entries={key: content}, origin=Origin(file="s.yaml"))


def auths(*servers: str) -> bytes:
    """A docker config in which each registry's user is named as the registry is written."""
    return json.dumps({"auths": {server: {"username": server, "password": "word"} for server in servers}}).encode()


def pulling(image: str, *secrets: ConfigData) -> DesiredPod:
    references = tuple(SecretRef(name=secret.key.name) for secret in secrets)
    return pod("web", container(image=image), config=secrets, image_pull_secrets=references)


def made(desired: DesiredPod) -> RenderedPod:
    return render_pod(desired, machine("edge-1", "prod", KEY, FACTS))


def users(image: str, *servers: str) -> list[str]:
    found = made(pulling(image, data("pull", auths(*servers))))
    assert not found.refused, found.refused
    return [auth.username for auth in found.containers[0].auths]


@pytest.mark.parametrize(
    ("server", "image", "match"),
    [
        ("registry.example.com", "registry.example.com/a/b:1", True),
        ("https://registry.example.com", "registry.example.com/a", True),
        ("http://registry.example.com/v1/", "registry.example.com/a", True),
        ("https://registry.example.com/v2/", "registry.example.com/a", True),
        ("registry.example.com", "other.example.com/a", False),
        ("registry.example.com:5000", "registry.example.com:5000/a", True),
        ("registry.example.com:5000", "registry.example.com/a", False),
        ("registry.example.com", "registry.example.com:5000/a", False),
        ("registry.example.com/team", "registry.example.com/team/app@sha256:" + "0" * 64, True),
        ("registry.example.com/team", "registry.example.com/other/app", False),
        ("*.example.com", "registry.example.com/a", True),
        ("*.example.com", "a.b.example.com/a", False),
        ("reg*.example.com", "registry.example.com/a", True),
        ("*.*", "localhost/a", False),
        ("https://index.docker.io/v1/", "nginx", True),
        ("https://index.docker.io/v1/", "me/app:1", True),
        ("docker.io", "nginx:1.27", True),
        ("index.docker.io", "docker.io/library/nginx", True),
        ("index.docker.io", "quay.io/a/b", False),
        ("[fd00::1]:5000", "[fd00::1]:5000/a", True),
    ],
)
def test_which_credentials_are_for_which_image(server: str, image: str, *, match: bool) -> None:
    assert users(image, server) == ([server] if match else [])


def test_all_that_match_are_tried_the_most_particular_first() -> None:
    servers = ("*.example.com", "r.example.com", "r.example.com/team", "x.example.com")
    assert users("r.example.com/team/app", *servers) == ["r.example.com/team", "r.example.com", "*.example.com"]


def test_credentials_name_the_image_s_own_host_or_containerd_would_drop_them() -> None:
    found = made(
        pulling("a.example.com:5000/x", data("pull", auths("*.example.com:5000", "https://a.example.com:5000/v2/")))
    )
    assert {auth.server for auth in found.containers[0].auths} == {"a.example.com:5000"}
    hub = made(pulling("nginx", data("pull", auths("https://index.docker.io/v1/"))))
    assert [auth.server for auth in hub.containers[0].auths] == ["docker.io"]


def test_each_way_to_write_credentials_is_read() -> None:
    joined = base64.b64encode(b"me:pa:ss").decode().rstrip("=")
    config = {"auths": {"r.io": {"auth": joined, "email": "x@y"}}, "HttpHeaders": {"a": "b"}}
    (auth,) = made(pulling("r.io/a", data("pull", json.dumps(config).encode()))).containers[0].auths
    assert (auth.server, auth.username, auth.password.reveal()) == ("r.io", "me", "pa:ss")
    legacy = {"r.io": {"username": "old", "password": "word"}}
    (auth,) = made(pulling("r.io/a", data("pull", json.dumps(legacy).encode(), ".dockercfg"))).containers[0].auths
    assert auth.username == "old"
    token = {"auths": {"r.io": {"identitytoken": "tok"}}}
    (auth,) = made(pulling("r.io/a", data("pull", json.dumps(token).encode()))).containers[0].auths
    assert auth.identity_token.reveal() == "tok"


def test_a_secret_that_is_not_there_is_passed_over() -> None:
    desired = pod("web", container(image="r.io/a"), image_pull_secrets=(SecretRef(name="gone"),))
    assert made(desired).containers[0].auths == ()
    assert not made(desired).refused


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"{", "is no docker config"),
        (b'{"auths": []}', "is no docker config"),
        (b"[" * 100_000, "is no docker config"),
        (b'{"auths": {"r.io": {"auth": "%%%"}}}', "is not USER:PASSWORD in base64"),
        (b'{"auths": {"r.io": {"auth": "aHVudGVyMg=="}}}', "is not USER:PASSWORD in base64"),
        (b" " * ((1 << 20) + 1), "larger than 1 MiB"),
        (json.dumps({"auths": {f"r{n}.io": {} for n in range(1001)}}).encode(), "at most 1000"),
    ],
)
def test_what_is_no_docker_config_is_refused_without_quoting_it(content: bytes, why: str) -> None:
    refused = made(pulling("r.io/a", data("pull", content))).refused
    assert why in refused
    assert "hunter2" not in refused
    assert len(refused) < 500


def test_a_secret_of_another_kind_is_refused() -> None:
    assert "has no key .dockerconfigjson" in made(pulling("r.io/a", data("pull", b"x", "token"))).refused


@given(st.binary(max_size=200))
def test_no_content_breaks_rendering_or_shows(content: bytes) -> None:
    found = made(pulling("r.io/a", data("pull", content)))
    # An empty object is a docker config, which holds nothing.
    assert found.refused or found.containers[0].auths == ()
    assert len(found.refused) < 500


def test_passwords_show_nowhere() -> None:
    found = made(pulling("r.io/a", data("pull", auths("r.io").replace(b'"word"', b'"hunter2"'))))
    assert found.containers[0].auths[0].password.reveal() == "hunter2"
    assert "hunter2" not in repr(found)
