"""Configuration goes to the runtime and comes back the same, and Secrets come back wrapped."""

import json
from collections.abc import Mapping

import pytest
from msgspec.structs import replace

from agent.hosts.cri.decode import decode_container, decode_sandbox
from agent.hosts.cri.encode import encode_container, encode_sandbox
from agent.hosts.look.abilities import runtime_config
from agent.hosts.proto import runtime_v1_pb2 as pb
from agent.model import labels
from agent.model.cri import (
    ContainerConfig,
    ContainerSecurity,
    EnvValue,
    LinuxResources,
    Mount,
    Namespaces,
    PortMapping,
    SandboxConfig,
)
from agent.model.value import Sensitive
from tests.hosts.go_json import go_json

SANDBOX = SandboxConfig(
    name="web",
    namespace="default",
    uid="u-1",
    attempt=2,
    hostname="web",
    log_directory="/var/log/pods/default_web_u-1",
    port_mappings=(
        PortMapping(container_port=80, host_port=8080),
        PortMapping(container_port=53, host_port=53, protocol="UDP", host_ip="10.0.0.1"),
    ),
    labels={"a": "b"},
    annotations={"c": "d"},
    cgroup_parent="/kubepods/burstable",
    namespaces=Namespaces(network="host"),
    privileged=True,
)
CONTAINER = ContainerConfig(
    name="web",
    attempt=3,
    image="registry/web:1",
    command=("sh", "-c"),
    args=("echo", "more"),
    working_dir="/srv",
    envs=(EnvValue(name="PLAIN", value="seen"), EnvValue(name="TOKEN", value=Sensitive("hunter2"))),
    mounts=(Mount(container_path="/etc/site", host_path="/var/lib/site", readonly=True),),
    labels={"a": "b"},
    annotations={labels.SENSITIVE: "env:TOKEN"},
    log_path="web/3.log",
    stdin=True,
    tty=True,
    resources=LinuxResources(cpu_period=100000, cpu_quota=50000, cpu_shares=512, memory_limit_in_bytes=1 << 28),
    security=ContainerSecurity(
        run_as_user=0,
        run_as_group=1000,
        readonly_rootfs=True,
        no_new_privs=True,
        add_capabilities=("NET_ADMIN",),
        drop_capabilities=("ALL",),
        namespaces=Namespaces(network="host"),
        masked_paths=("/proc/kcore",),
        readonly_paths=("/proc/sys",),
    ),
)

SITE = Mount(container_path="/site", host_path="", readonly=True, image="registry/site:1")


def test_a_sandbox_comes_back_as_it_was_planned() -> None:
    assert decode_sandbox(go_json(encode_sandbox(SANDBOX))) == SANDBOX


def test_a_container_comes_back_as_it_was_planned() -> None:
    assert decode_container(go_json(encode_container(CONTAINER))) == CONTAINER


def test_where_containerd_puts_the_content_of_an_image_is_its_own_affair() -> None:
    """2.1 writes its folder into the configuration that it was given."""
    config = replace(CONTAINER, mounts=(SITE,))
    written = encode_container(config)
    written.mounts[0].host_path = "/run/containerd/io.containerd.grpc.v1.cri/image-volumes/1/2"
    assert decode_container(go_json(written)) == config


def test_the_content_of_an_image_is_not_mapped_a_second_time() -> None:
    """containerd maps its layers where a pod has users of its own; runc could not map what is made of them."""
    users = Namespaces(users="pod", user_mapping=(65536, 65536))
    mounts = (SITE, Mount(container_path="/scratch", host_path="/var/lib/scratch"))
    security = ContainerSecurity(namespaces=users)
    image, scratch = encode_container(replace(CONTAINER, mounts=mounts, security=security)).mounts
    assert (len(image.uidMappings), len(image.gidMappings)) == (0, 0)
    assert (len(scratch.uidMappings), len(scratch.gidMappings)) == (1, 1)


def test_the_least_that_can_be_said_comes_back_too() -> None:
    small = ContainerConfig(name="a", image="b", annotations={labels.SENSITIVE: ""})
    assert decode_container(go_json(encode_container(small))) == small
    assert decode_sandbox({"info": json.dumps({"config": {"metadata": {"name": "a"}}})}) == SandboxConfig(
        name="a", namespace="", uid=""
    )


def test_secrets_are_revealed_to_the_runtime_and_wrapped_again() -> None:
    message = encode_container(CONTAINER)
    assert [env.value for env in message.envs] == ["seen", "hunter2"]
    decoded = decode_container(go_json(message))
    assert "hunter2" not in repr(decoded)
    assert "seen" in repr(decoded)


def test_secrets_in_a_command_line_are_wrapped() -> None:
    config = ContainerConfig(
        name="a", image="b", args=("--token", Sensitive("hunter2")), annotations={labels.SENSITIVE: "args:1"}
    )
    decoded = decode_container(go_json(encode_container(config)))
    assert decoded == config
    assert "hunter2" not in repr(decoded)


def test_without_the_annotation_the_whole_environment_is_wrapped() -> None:
    config = ContainerConfig(name="a", image="b", envs=(EnvValue(name="TOKEN", value="hunter2"),))
    assert "hunter2" not in repr(decode_container(go_json(encode_container(config))))


def test_every_namespace_is_named() -> None:
    """Protobuf's zero of pid is POD: processes of a pod's containers would see each other."""
    options = encode_container(ContainerConfig(name="a", image="b")).linux.security_context.namespace_options
    assert (options.network, options.pid, options.ipc) == (pb.POD, pb.CONTAINER, pb.POD)
    assert encode_sandbox(SANDBOX).linux.security_context.namespace_options.network == pb.NODE


@pytest.mark.parametrize("info", [{}, {"info": ""}, {"info": "{"}, {"info": "[]"}, {"info": '{"config": 1}'}])
def test_a_runtime_that_tells_nothing_is_no_crash(info: Mapping[str, str]) -> None:
    assert decode_container(info) is None
    assert decode_sandbox(info) is None


def test_the_cgroup_driver_is_read_from_the_plugins_configuration() -> None:
    def info(*, systemd: bool) -> Mapping[str, str]:
        runtimes = {"runc": {"options": {"SystemdCgroup": systemd}}}
        return {"config": json.dumps({"containerd": {"defaultRuntimeName": "runc", "runtimes": runtimes}})}

    assert runtime_config(info(systemd=True)).cgroup_driver == "systemd"
    assert runtime_config(info(systemd=False)).cgroup_driver == "cgroupfs"
    assert runtime_config({}).cgroup_driver == "cgroupfs"
