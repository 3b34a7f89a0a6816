import re
from typing import Any

import pytest

from agent.model.objects.pod import (
    ConfigMapVolume,
    ConfigRef,
    EnvFromSource,
    EnvVar,
    EnvVarSource,
    KeyRef,
    Toleration,
    Volume,
)
from agent.model.plan import FingerprintKey
from agent.planner.fleet.config import config_data
from agent.planner.naming import parse_slot, set_name
from agent.planner.template import Template, references, resolve_template
from tests.planner.fleet.build import KEY, config_map, container, declared, deployment, secret

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
