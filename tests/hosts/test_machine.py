"""What the facts' command tells of a machine, and what its containerd can do."""

import json
import subprocess

import pytest

from agent.hosts.doctor.abilities import ability_checks
from agent.hosts.doctor.runtime import condition_check
from agent.hosts.look import machine
from agent.hosts.look.abilities import features, lacking, runtime_config
from agent.hosts.look.machine import Machine
from agent.hosts.proto import runtime_v1_pb2 as pb

SOCKET = "/run/containerd/containerd.sock"
RECORDED = (
    "reached 10.9.0.1 51000 10.9.0.7 22",
    "address 192.0.2.7",
    "address 10.9.0.7",
    "address 2001:db8::7",
    "address fe80::1",
    "cgroup 2",
    "selinux",
    "apparmor Y",
    "hugepages 2048kB 512",
    "hugepages 1048576kB 0",
    "hugepages 64kB 1",
    "storage 4096 1000",
    "resolv nameserver 9.9.9.9\nsearch example.com",
    "hosts 127.0.0.1 localhost\n10.0.0.7 caf\udce9",
)


def test_what_a_machine_tells_is_read() -> None:
    told = machine.parse(RECORDED, SOCKET)
    assert told.addresses == ("10.9.0.7", "192.0.2.7", "2001:db8::7"), "first where we reach it"
    assert told.cgroup_version == 2
    assert (told.apparmor, told.selinux, told.systemd) == (True, True, False)
    assert told.hugepages == {"hugepages-2Mi": 512 << 21, "hugepages-64Ki": 64 << 10}
    assert told.storage_bytes == 4096_000
    assert told.resolv_conf == "nameserver 9.9.9.9\nsearch example.com"
    assert told.etc_hosts == "127.0.0.1 localhost\n10.0.0.7 caf\ufffd", "what is no UTF-8 can be written again"


@pytest.mark.parametrize(
    "entries",
    [(), ("reached ", "address x", "hugepages", "hugepages 2kB -1", "storage a b", "storage 1", "cgroup", "apparmor")],
)
def test_what_a_machine_does_not_tell_is_unset(entries: tuple[str, ...]) -> None:
    assert machine.parse(entries, SOCKET) == Machine()


def test_an_address_behind_a_mapped_one_is_found() -> None:
    assert machine.parse(["reached ::ffff:10.0.0.1 1 ::ffff:10.0.0.2 22"], SOCKET).addresses == ("10.0.0.2",)


def test_the_command_tells_of_this_machine() -> None:
    script = f"pods=/no/such/folder\n{machine.SCRIPT}"
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "SSH_CONNECTION": "192.0.2.1 1 192.0.2.2 22"}
    output = subprocess.run(["sh", "-c", script], capture_output=True, check=False, env=environment).stdout.decode()
    told = machine.parse(output.split("\0"), SOCKET)
    assert told.addresses[0] == "192.0.2.2"
    assert told.cpus > 0
    assert told.memory_bytes > 1 << 20
    assert told.storage_bytes > 1 << 20
    assert "localhost" in (told.etc_hosts or "")


def config(**plugin: object) -> dict[str, str]:
    runtimes = {"runc": {"options": {"SystemdCgroup": True}}, "kata": {}}
    written = {"containerd": {"defaultRuntimeName": "runc", "runtimes": runtimes}, **plugin}
    return {"config": json.dumps(written)}


def status(*, able: bool) -> pb.StatusResponse:
    told = pb.RuntimeHandlerFeatures(recursive_read_only_mounts=able, user_namespaces=able)
    return pb.StatusResponse(
        runtime_handlers=[
            pb.RuntimeHandler(name="kata", features=pb.RuntimeHandlerFeatures()),
            pb.RuntimeHandler(name="", features=told),
        ],
        features=pb.RuntimeFeatures(supplemental_groups_policy=able),
    )


def test_containerd_1_6_can_do_none_of_it() -> None:
    assert features("1.6.20~ds1", pb.StatusResponse(), runtime_config(config()), Machine()) == ()


@pytest.mark.parametrize(
    ("version", "more"),
    [("v2.0.4", ()), ("v2.1.0", ("image-volumes",)), ("2.3.0-rc.1", ("image-volumes", "stop-signal")), ("odd", ())],
)
def test_newer_ones_tell_of_themselves_or_by_their_version(version: str, more: tuple[str, ...]) -> None:
    told = {"recursive-read-only", "supplemental-groups-policy", "user-namespaces"}
    assert features(version, status(able=True), runtime_config(config()), Machine()) == tuple(sorted({*told, *more}))
    assert features(version, status(able=False), runtime_config(config()), Machine()) == more


def test_what_another_runtime_cannot_do_is_told() -> None:
    assert lacking(status(able=True)) == {"kata": ("recursive-read-only", "user-namespaces")}
    assert lacking(status(able=False)) == lacking(pb.StatusResponse()) == {}


def test_profiles_need_the_kernel_and_the_configuration() -> None:
    kernel = Machine(apparmor=True, selinux=True)
    empty = pb.StatusResponse()
    assert features("1.7.0", empty, runtime_config(config()), kernel) == ("apparmor",)
    both = runtime_config(config(enableSelinux=True))
    assert features("1.7.0", empty, both, kernel) == ("apparmor", "selinux")
    assert features("1.7.0", empty, both, Machine()) == ()
    assert features("1.7.0", empty, runtime_config(config(disableApparmor=True)), kernel) == ()


def test_the_configuration_of_either_generation_is_read() -> None:
    told = runtime_config(config(sandboxImage="pause:3.6"))
    assert (told.cgroup_driver, told.handlers, told.pause_image) == ("systemd", ("kata", "runc"), "pause:3.6")
    assert runtime_config(config(pinnedImages={"sandbox": "pause:3.10"})).pause_image == "pause:3.10"
    for nonsense in ({}, {"config": "{"}, {"config": "[]"}, {"config": "{}"}):
        assert runtime_config(nonsense).handlers == ()


def test_the_doctor_says_what_is_refused_and_why() -> None:
    told = runtime_config(config())
    checks = {check.name: check for check in ability_checks(("user-namespaces",), told, Machine(systemd=True))}
    assert checks["honoured"].message == "hostUsers: false"
    assert "volumes[].image (needs containerd 2.1)" in checks["refused here"].message
    assert "hostUsers" not in checks["refused here"].message
    assert checks["handlers"].message == "for RuntimeClass objects: kata, runc"
    assert checks["cgroups"].status == "ok"


def test_the_doctor_says_when_cgroups_have_the_wrong_keeper() -> None:
    by_systemd, by_files = runtime_config(config()), runtime_config({})
    wrong, *_ = ability_checks((), by_systemd, Machine())
    assert (wrong.name, wrong.status) == ("cgroups", "problem")
    shared, *_ = ability_checks((), by_files, Machine(systemd=True, cgroup_version=2))
    assert (shared.status, "SystemdCgroup = true" in shared.hint) == ("warning", True)


def test_the_doctor_passes_on_what_containerd_wants_mended() -> None:
    kind = "ContainerdHasNoDeprecationWarnings"
    assert condition_check(pb.RuntimeCondition(type=kind, status=True)).status == "ok"
    for message in ('{"io.containerd.deprecation/cri-registry-mirrors": "use config_path"}', "use config_path"):
        told = condition_check(pb.RuntimeCondition(type=kind, status=False, message=message))
        assert (told.name, told.status, told.message) == ("deprecations", "warning", "use config_path")
