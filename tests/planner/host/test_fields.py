"""What a pod asks of itself, as a kubelet answers."""

from typing import Any

import pytest
from msgspec.structs import replace

from agent.model.capacity import Allotment
from agent.model.objects.pod import (
    ConfigRef,
    Container,
    EnvFromSource,
    EnvVar,
    EnvVarSource,
    FieldRef,
    ResourceFieldRef,
    ResourceRequirements,
)
from agent.model.podip import POD_IP
from agent.model.value import reveal
from agent.planner.host import RenderedPod, machine, render_pod
from tests.planner.host.build import (
    FACTS,
    KEY,
    config_map,
    container,
    converge,
    desired,
    only,
    plan,
    pod,
    with_container,
)

HERE = replace(FACTS, addresses=("10.0.0.5", "fd00::5"), cpu_millis=2500, memory_bytes=4 << 30, storage_bytes=9 << 30)


def asking(path: str) -> EnvVar:
    return EnvVar(name="X", value_from=EnvVarSource(field_ref=FieldRef(field_path=path)))


def of_resource(resource: str, divisor: str = "0", name: str = "") -> EnvVar:
    ref = ResourceFieldRef(resource=resource, divisor=divisor, container_name=name)
    return EnvVar(name="X", value_from=EnvVarSource(resource_field_ref=ref))


def made(*containers: Container, ips: tuple[str, ...] = (), **spec: object) -> RenderedPod:
    return render_pod(pod("web", *containers, **spec), machine("edge-1", "prod", KEY, HERE), ips)  # type: ignore[arg-type]  # a test's shorthand


def value(found: RenderedPod) -> str:
    assert not found.refused, found.refused
    return next(reveal(one.value) for one in found.containers[0].config.envs if one.name == "X")


@pytest.mark.parametrize(
    ("path", "spec", "expected"),
    [
        ("spec.serviceAccountName", {}, "default"),
        ("spec.serviceAccountName", {"service_account_name": "robot"}, "robot"),
        ("status.hostIP", {}, "10.0.0.5"),
        ("status.hostIPs", {}, "10.0.0.5,fd00::5"),
        ("status.podIP", {"host_network": True}, "10.0.0.5"),
        ("status.podIPs", {"host_network": True}, "10.0.0.5,fd00::5"),
        ("metadata.labels['app']", {}, "web"),
    ],
)
def test_fields(path: str, spec: dict[str, Any], expected: str) -> None:
    assert value(made(container(env=(asking(path),)), **spec)) == expected


def test_addresses_are_marks_until_the_sandbox_has_them() -> None:
    one = container(env=(asking("status.podIP"), EnvVar(name="URL", value="http://$(X)/")), args=("--at=$(X)",))
    early = made(one)
    assert early.addressed
    assert value(early) == POD_IP
    late = made(one, ips=("10.1.0.7", "fd00::7"))
    assert value(late) == "10.1.0.7"
    assert late.containers[0].config.args == ("--at=10.1.0.7",)
    assert late.uid == early.uid
    assert value(made(container(env=(asking("status.podIPs"),)), ips=("10.1.0.7", "fd00::7"))) == "10.1.0.7,fd00::7"
    assert not made(container()).addressed


def test_a_running_pod_that_asks_for_its_address_is_left_alone() -> None:
    wanted = desired(pod("web", container(env=(asking("status.podIP"),))))
    seen = converge(wanted)
    assert seen.sandboxes[0].ips
    assert plan(wanted, seen).actions == ()
    envs = tuple(replace(one, value="10.255.0.1") for one in seen.containers[0].config.envs)
    moved = with_container(seen, "web", config=replace(seen.containers[0].config, envs=envs))
    assert [one.path for one in only(plan(wanted, moved)).differences] == ["spec.containers[web].env[X]"]


def test_an_address_that_nobody_knows_yet_is_waited_for() -> None:
    asked = pod("web", container(env=(asking("status.hostIP"),)))
    refused = render_pod(asked, machine("edge-1", "prod", KEY, FACTS)).refused
    assert refused == "fieldRef status.hostIP: the address of host edge-1 is not known yet"


@pytest.mark.parametrize("path", ["status.phase", "spec.restartPolicy", "metadata.labels[app]", "status."])
def test_other_fields_are_refused(path: str) -> None:
    assert made(container(env=(asking(path),))).refused == f"fieldRef {path} is not supported"


SOME = ResourceRequirements(
    limits={"cpu": "1500m", "memory": "100Mi", "hugepages-2Mi": "4Mi"}, requests={"cpu": "250m", "memory": "64Mi"}
)


@pytest.mark.parametrize(
    ("resource", "divisor", "expected"),
    [
        ("limits.cpu", "0", "2"),
        ("limits.cpu", "1m", "1500"),
        ("requests.cpu", "1", "1"),
        ("limits.memory", "0", str(100 << 20)),
        ("limits.memory", "1Mi", "100"),
        ("limits.memory", "1Gi", "1"),
        ("requests.memory", "1M", "68"),
        ("limits.hugepages-2Mi", "1Mi", "4"),
        ("requests.ephemeral-storage", "0", "0"),
        ("limits.ephemeral-storage", "1Gi", "9"),
    ],
)
def test_resources_in_units_of_the_divisor_rounded_up(resource: str, divisor: str, expected: str) -> None:
    assert value(made(container(env=(of_resource(resource, divisor),), resources=SOME))) == expected


def test_without_a_limit_all_of_the_host_may_be_used() -> None:
    assert value(made(container(env=(of_resource("limits.cpu", "1m"),)))) == "2500"
    assert value(made(container(env=(of_resource("limits.memory", "1Gi"),)))) == "4"
    of_pod = ResourceRequirements(limits={"memory": "1Gi"})
    assert value(made(container(env=(of_resource("limits.memory", "1Gi"),)), resources=of_pod)) == "1"


def test_what_the_host_keeps_for_itself_is_not_for_pods() -> None:
    allotment = Allotment(allocatable={"cpu": "1500m"}, reserved={"memory": "1Gi", "ephemeral-storage": "4Gi"})
    here = machine("edge-1", "prod", KEY, HERE, allotment)
    asked = (("cpu", "1m", "1500"), ("memory", "1Gi", "3"), ("ephemeral-storage", "1Gi", "5"))
    for resource, divisor, expected in asked:
        found = render_pod(pod("web", container(env=(of_resource(f"limits.{resource}", divisor),))), here)
        assert value(found) == expected


def test_another_container_may_be_asked() -> None:
    asks = container(env=(of_resource("limits.cpu", "1m", "other"),))
    assert value(made(asks, container("other", resources=SOME))) == "1500"
    assert "has no container other" in made(asks).refused


def test_a_mark_can_come_from_nowhere_else() -> None:
    from_text = made(container(env=(EnvVar(name="X", value="\0pod-ip\0"),)))
    assert "holds a NUL byte" in from_text.refused
    assert "holds a NUL byte" in made(container(args=("\0pod-ip\0",))).refused
    everything = container(env_from=(EnvFromSource(config_map_ref=ConfigRef(name="settings")),))
    asked = pod("web", everything, config=(config_map(X="\0pod-ip\0"),))
    assert "holds a NUL byte" in render_pod(asked, machine("edge-1", "prod", KEY, HERE)).refused
