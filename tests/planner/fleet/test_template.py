import re
from typing import Any

import pytest
from msgspec.structs import replace

from agent.model.objects import ObjectMeta
from agent.model.objects.pod import (
    ConfigMapProjection,
    ConfigMapVolume,
    ConfigRef,
    EnvFromSource,
    EnvVar,
    EnvVarSource,
    KeyRef,
    ProjectedVolume,
    SecretProjection,
    SecretRef,
    Toleration,
    Volume,
    VolumeProjection,
)
from agent.model.objects.runtimeclass import Overhead, RuntimeClass, Scheduling
from agent.model.plan import FingerprintKey
from agent.planner.fleet.config import config_data
from agent.planner.naming import parse_slot, set_name
from agent.planner.template import Template, references, resolve_template
from tests.planner.fleet.build import KEY, World, config_map, container, declared, deployment, pod, secret

FROM_MAP = EnvFromSource(config_map_ref=ConfigRef(name="settings"))
FROM_SECRET_KEY = EnvVar(name="PASSWORD", value_from=EnvVarSource(secret_key_ref=KeyRef(name="password", key="main")))
MOUNTED = Volume(name="files", config_map=ConfigMapVolume(name="settings"))


def resolve(body: Any, *config: Any, key: FingerprintKey = KEY) -> Template:  # noqa: ANN401 -- any kind
    return resolve_template(declared(body), tuple(config_data(declared(one)) for one in config), key)  # type: ignore[arg-type]  # a workload; ConfigMaps and Secrets


def test_the_hash_names_the_template() -> None:
    base = resolve(deployment(3)).hash
    assert re.fullmatch(r"[bcdfghjklmnpqrstvwxz2456789]{10}", base)
    assert resolve(deployment(5, paused=True)).hash == base
    assert resolve(deployment(3, container("app:2"))).hash != base
    assert resolve(deployment(3, pod={"tolerations": (Toleration(key="x", operator="Exists"),)})).hash != base


def test_the_hash_is_the_same_in_every_release() -> None:
    """Another hash would roll every fleet. Fields at their defaults do not enter it, so that new fields are free."""
    assert resolve(deployment(1)).hash == "vbtjjv7lbt"


def test_a_template_that_uses_much_of_a_pod_keeps_its_hash_too() -> None:
    reads = container(env_from=(FROM_MAP,), env=(FROM_SECRET_KEY,), cpu="250m")
    body = deployment(2, reads, pod={"volumes": (MOUNTED,), "node_selector": {"disk": "ssd"}, "host_network": True})
    assert resolve(body, config_map(A="1"), secret(main="x")).hash == "zxtgqspstx"


def test_what_init_containers_read_is_part_of_the_hash() -> None:
    reads = deployment(1, pod={"init_containers": (container(name="setup", env_from=(FROM_MAP,)),)})
    assert resolve(reads, config_map(A="1")).hash != resolve(reads, config_map(A="2")).hash
    assert resolve(reads).names == ("app",)


def test_a_runtime_class_gives_pods_its_handler_its_cost_and_its_hosts() -> None:
    toleration = Toleration(key="sandboxed", operator="Exists")
    kata = RuntimeClass(
        metadata=ObjectMeta(name="kata"),
        handler="kata-qemu",
        overhead=Overhead(pod_fixed={"cpu": "250m", "memory": "120Mi"}),
        scheduling=Scheduling(node_selector={"vm": "yes"}, tolerations=(toleration,)),
    )
    body = declared(deployment(1, container(cpu="1"), pod={"runtime_class_name": "kata", "node_selector": {"a": "b"}}))
    found = resolve_template(body, (), KEY, kata)  # type: ignore[arg-type]  # a Declared[Deployment] it is
    assert (found.runtime, found.demand.handler, found.unresolved) == ("kata-qemu", "kata-qemu", "")
    assert (found.demand.cpu, found.demand.memory) == (1250, 120 << 20)
    assert found.demand.node_selector == {"vm": "yes", "a": "b"}
    assert found.demand.tolerations == (toleration,)
    again = replace(kata, overhead=None, scheduling=None)
    other = replace(kata, handler="kata-clh")
    assert resolve_template(body, (), KEY, again).hash == found.hash  # type: ignore[arg-type]  # as above
    assert resolve_template(body, (), KEY, other).hash != found.hash  # type: ignore[arg-type]  # as above


def test_a_runtime_class_that_is_not_there_keeps_pods_from_being_placed() -> None:
    world = World(pod("one", runtime_class_name="kata"))
    assert 'RuntimeClass "kata" not found' in world.messages()[0]


def test_content_read_as_environment_is_part_of_the_hash() -> None:
    reads = deployment(1, container(env_from=(FROM_MAP,)))
    assert resolve(reads, config_map(A="1")).hash != resolve(reads, config_map(A="2")).hash
    assert resolve(reads, config_map(A="1")).hash != resolve(reads).hash


def test_only_the_key_that_is_read_counts() -> None:
    reads = deployment(1, container(env=(FROM_SECRET_KEY,)))
    before = resolve(reads, secret(main="a", other="b")).hash
    assert resolve(reads, secret(main="a", other="c")).hash == before
    assert resolve(reads, secret(main="z", other="b")).hash != before


def test_secret_content_enters_the_hash_keyed() -> None:
    reads = deployment(1, container(env=(FROM_SECRET_KEY,)))
    other = FingerprintKey(value=b"o" * 32)
    assert resolve(reads, secret(main="a")).hash != resolve(reads, secret(main="a"), key=other).hash
    assert resolve(deployment(1)).hash == resolve(deployment(1), key=other).hash


def test_mounted_content_does_not_change_the_hash() -> None:
    mounts = deployment(1, pod={"volumes": (MOUNTED,)})
    before, after = resolve(mounts, config_map(A="1")), resolve(mounts, config_map(A="2"))
    assert before.hash == after.hash
    assert [data.entries for data in after.config.values()] == [{"A": b"2"}]


def test_references_are_found_wherever_they_are() -> None:
    body = deployment(1, container(env_from=(FROM_MAP,), env=(FROM_SECRET_KEY,)), pod={"volumes": (MOUNTED,)})
    found = references(declared(body))  # type: ignore[arg-type]  # a Declared[Deployment] it is
    assert [(one.kind, one.name) for one in found] == [("ConfigMap", "settings"), ("Secret", "password")]


def test_projected_volumes_init_containers_and_pull_secrets_are_references() -> None:
    sources = (
        VolumeProjection(config_map=ConfigMapProjection(name="one")),
        VolumeProjection(secret=SecretProjection(name="two")),
    )
    body = pod(
        "one",
        init_containers=(container(name="setup", env_from=(FROM_MAP,)),),
        volumes=(Volume(name="all", projected=ProjectedVolume(sources=sources)),),
        image_pull_secrets=(SecretRef(name="registry"),),
    )
    found = references(declared(body))  # type: ignore[arg-type]  # a Declared[Pod] it is
    expected = [("ConfigMap", "one"), ("ConfigMap", "settings"), ("Secret", "registry"), ("Secret", "two")]
    assert [(one.kind, one.name) for one in found] == expected


@pytest.mark.parametrize("name", ["web", "a" * 46, "a" * 47, "a.b-" * 15 + "x", "x" * 253])
def test_pod_names_are_host_names(name: str) -> None:
    found = set_name(name, "4ktvph2fwk") + "-99999"
    assert len(found) <= 63
    assert re.fullmatch(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?", found)
    assert parse_slot(found) == (found.removesuffix("-99999"), 99999)


def test_long_names_that_begin_alike_stay_apart() -> None:
    assert set_name("x" * 100 + "a", "h") != set_name("x" * 100 + "b", "h")


@pytest.mark.parametrize(
    "name", ["web", "web-0", "web-4ktvph2fwk", "web-4ktvph2fwk-01", "web-aeiouaeiou-1", "-4ktvph2fwk-0"]
)
def test_other_names_are_no_slots(name: str) -> None:
    assert parse_slot(name) is None
