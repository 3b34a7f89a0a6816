"""Getting to real hosts, and being kept out: keys, logins, sudo, jump hosts, cables."""

import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from agent.hosts.connect import scan_key
from agent.hosts.doctor.check import Check
from agent.hosts.doctor.examine import examine
from agent.hosts.host import ContainerdHost
from agent.hosts.ssh.trust import parse_host_key
from agent.model import labels
from agent.model.objects.agent import SshDefaults
from agent.model.objects.host import Host, HostSpec, Jump, Ssh
from agent.model.objects.meta import ObjectMeta
from agent.model.plan import FingerprintKey
from agent.ports import Permanent, PortError, Refused, Unreachable
from lab import Lab
from tests.hosts.conftest import KEY
from tests.hosts.pods import WallClock, create_steps, sandbox_config, sandbox_of, succeed

pytestmark = pytest.mark.lab
Opener = Callable[..., ContainerdHost]


def test_a_look_at_an_empty_host(host: ContainerdHost, lab: Lab) -> None:
    facts = host.observe().facts
    boot_id = lab.host("h1").run("cat /proc/sys/kernel/random/boot_id", check=True).stdout.strip()
    assert (facts.runtime_ready, facts.network_ready, facts.boot_id) == (True, True, boot_id)
    assert facts.version
    assert facts.cgroup_driver == "cgroupfs"
    assert facts.clock_skew == 0.0
    assert min(facts.cpu_millis, facts.memory_bytes) > 0


def test_an_unknown_host_key_is_refused_and_scanning_shows_it(
    open_host: Opener, lab: Lab, defaults: SshDefaults
) -> None:
    machine = lab.host("h1")
    strict = msgspec.structs.replace(defaults, known_hosts_file=None)
    with pytest.raises(Permanent, match="host key is not known") as raised:
        open_host(settings=strict).observe()
    key = scan_key(machine.address, machine.port)
    assert str(key) == machine.host_key
    assert key.fingerprint in str(raised.value)
    assert str(key) in raised.value.hint
    assert open_host(settings=strict, host_key=str(key)).observe().sandboxes == ()


def test_another_hosts_key_is_a_changed_key(open_host: Opener, lab: Lab) -> None:
    other = parse_host_key(lab.host("h2").host_key)
    with pytest.raises(Permanent, match="CHANGED") as raised:
        open_host(host_key=str(other)).observe()
    assert other.fingerprint in str(raised.value)


def test_a_key_that_is_not_let_in_names_user_and_key(open_host: Opener, tmp_path: Path) -> None:
    stranger = tmp_path / "id"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(stranger)], check=True)
    with pytest.raises(Permanent, match=f"user root is not let in with {stranger} \\(SHA256:"):
        open_host(identity_file=str(stranger)).observe()


def test_a_user_without_rights_is_told_so_and_sudo_helps(open_host: Opener) -> None:
    with pytest.raises(Permanent, match="user op has no rights on /run/containerd") as raised:
        open_host(user="op").observe()
    assert "become: sudo" in raised.value.hint
    host = open_host(user="op", become="sudo", claim=KEY)
    sandbox = sandbox_config("web")
    host.observe()
    succeed(host, *create_steps(sandbox))
    assert sandbox_of(host, "web").config == sandbox


def test_sudo_that_is_not_allowed_says_what_to_allow(open_host: Opener, lab: Lab) -> None:
    machine = lab.host("h1")
    kept = machine.run("cat /etc/sudoers", check=True).stdout
    machine.run("sed -i /^op/d /etc/sudoers", check=True)
    try:
        with pytest.raises(Permanent, match="op cannot become root") as raised:
            open_host(user="op", become="sudo").observe()
    finally:
        machine.run("cat >/etc/sudoers", stdin=kept, check=True)
    assert "NOPASSWD" in raised.value.hint


def test_through_a_jump_host(open_host: Opener, lab: Lab, defaults: SshDefaults, tmp_path: Path) -> None:
    gate, target = lab.host("h1"), lab.host("h2")
    strict = msgspec.structs.replace(defaults, known_hosts_file=None)
    jump = Jump(address=gate.address, host_key=gate.host_key)
    host = open_host("h2", settings=strict, host_key=target.host_key, jump=jump)
    assert host.observe().facts.boot_id
    unpinned = Jump(address=gate.address)
    with pytest.raises(Permanent, match=r"jump host .* host key is not known"):
        open_host("h2", settings=strict, host_key=target.host_key, jump=unpinned).observe()
    config = tmp_path / "config"
    # An address that only the gate can mean: its own loopback.
    config.write_text(
        f"Host inner\n HostName 127.0.0.1\n HostKeyAlias {gate.address}\n ProxyJump gate\n"
        f"Host gate\n HostName {gate.address}\n"
    )
    through = open_host(address="inner", settings=msgspec.structs.replace(defaults, config_file=str(config)))
    assert through.observe().facts == open_host().observe().facts


def test_this_machine_without_ssh(open_host: Opener) -> None:
    sandbox = sandbox_config("web")
    over_ssh = open_host()
    succeed(over_ssh, *create_steps(sandbox))
    local = open_host(local=True)
    assert sandbox_of(local, "web").config == sandbox
    local.close()
    with pytest.raises(Unreachable, match="closed"):
        local.observe()


def test_a_pulled_cable_wakes_is_unreachable_and_mends(open_host: Opener, lab: Lab) -> None:
    machine, host = lab.host("h2"), open_host("h2")
    woken = threading.Event()
    host.watch(woken.set)
    host.observe()
    machine.cut()
    try:
        assert woken.wait(15)
        with pytest.raises(Unreachable, match=r"stopped answering|cannot connect"):
            host.observe()
        with pytest.raises(Unreachable, match="cannot connect"):
            host.observe()
    finally:
        machine.mend()
    assert host.observe().facts.runtime_ready


def test_a_host_that_is_off(open_host: Opener) -> None:
    with pytest.raises(Unreachable, match="connection refused"):
        open_host(port=2).observe()
    with pytest.raises(Unreachable, match="does not resolve"):
        open_host(address="no-such-host.invalid").observe()


def test_one_agent_holds_a_host(open_host: Opener, lab: Lab) -> None:
    machine = lab.host("h1")
    looking = open_host()
    looking.observe()
    assert looking.owner is None
    assert machine.run(f"cat {labels.OWNER_FILE}").returncode != 0
    holder = open_host(claim=KEY)
    holder.observe()
    assert holder.owner is not None
    assert (holder.owner.agent, holder.owner.key) == ("tests", KEY)
    assert machine.run(f"stat -c %a {labels.OWNER_FILE}", check=True).stdout.strip() == "600"
    again = open_host(claim=FingerprintKey(value=b"other".ljust(32)))
    again.observe()
    assert again.owner == holder.owner
    for claim in (KEY, None):
        with pytest.raises(Refused, match="held by the agent 'tests'; this one is 'second'"):
            open_host(agent="second", claim=claim).observe()
    machine.run(f"echo damaged >{labels.OWNER_FILE}", check=True)
    with pytest.raises(Permanent, match=r"owner record .* is damaged"):
        holder.observe()
    machine.run(f"rm {labels.OWNER_FILE}", check=True)


def test_a_kubelet_on_the_same_containerd_is_refused(open_host: Opener, lab: Lab) -> None:
    machine = lab.host("h1")
    machine.run(
        "cp /bin/sleep /tmp/kubelet && { /tmp/kubelet 1000 >/dev/null 2>&1 & echo $! >/tmp/kubelet.pid; }", check=True
    )
    try:
        with pytest.raises(Refused, match="a kubelet runs on this containerd"):
            open_host().observe()
    finally:
        machine.run("kill $(cat /tmp/kubelet.pid)", check=True)
    assert open_host().observe().sandboxes == ()


def checks(lab: Lab, defaults: SshDefaults, **ssh: object) -> dict[str, Check]:
    spec = HostSpec(ssh=Ssh(**{"address": lab.host("h1").address, **ssh}))  # type: ignore[arg-type] # a test's choice
    declared = Host(metadata=ObjectMeta(name="h1"), spec=spec)
    return {check.name: check for check in examine(declared, defaults, "tests", clock=WallClock())}


def test_the_doctor_finds_a_lab_host_well(lab: Lab, defaults: SshDefaults) -> None:
    found = checks(lab, defaults)
    # What containerd itself says of the machine is not the lab's doing: newer ones call cgroup v1 deprecated.
    assert {check.status for name, check in found.items() if name != "deprecations"} == {"ok"}
    assert {"connection", "containerd", "pause image", "network", "clock", "disk", "kubelet", "owner"} <= set(found)
    assert found["cgroups"].message == "version 1, kept by cgroupfs"
    assert found["handlers"].message.endswith(": runc, spare")
    assert "appArmorProfile (needs AppArmor in the kernel" in found["refused here"].message


def test_the_doctor_names_what_is_wrong_and_what_to_do(lab: Lab, defaults: SshDefaults) -> None:
    (only,) = checks(lab, defaults, port=2).values()
    assert (only.name, only.status) == ("connection", "problem")
    found = checks(lab, defaults, user="op")
    wrong = {name for name, check in found.items() if check.status == "problem"}
    assert {"rights", "containerd"} <= wrong
    assert all(found[name].hint for name in wrong)


@pytest.mark.parametrize(
    ("shell", "said"), [("/usr/sbin/nologin", "not available"), ("/bin/false", "ends with code 1")]
)
@pytest.mark.parametrize("become", [None, "sudo"])
def test_the_doctor_knows_a_user_whose_shell_runs_nothing(
    lab: Lab, defaults: SshDefaults, shell: str, said: str, become: str | None
) -> None:
    machine = lab.host("h1")
    machine.run(f"cp /etc/passwd /tmp/passwd && sed -i '/^op:/s#[^:]*$#{shell}#' /etc/passwd", check=True)
    try:
        found = checks(lab, defaults, user="op", become=become)
    finally:
        machine.run("cp /tmp/passwd /etc/passwd", check=True)
    assert list(found) == ["connection", "shell"]
    assert found["shell"].message.startswith("user op is let in, but its login shell runs no commands: it ")
    assert said in found["shell"].message
    assert "usermod --shell /bin/sh op" in found["shell"].hint


def test_the_doctor_knows_a_user_that_sudo_refuses(lab: Lab, defaults: SshDefaults) -> None:
    machine = lab.host("h1")
    machine.run("cp -a /etc/sudoers /tmp/sudoers && sed -i '/^op /d' /etc/sudoers", check=True)
    try:
        found = checks(lab, defaults, user="op", become="sudo")
    finally:
        machine.run("cp -a /tmp/sudoers /etc/sudoers", check=True)
    assert list(found) == ["connection", "rights"]
    assert found["rights"].message.startswith("user op cannot become root with sudo: it says 'sudo: ")
    assert "NOPASSWD" in found["rights"].hint


def first_answer(host: ContainerdHost) -> PortError | None:
    """Look until containerd is up, whatever it then says."""
    while True:
        try:
            host.observe()
        except Unreachable:
            continue
        except PortError as error:
            return error
        return None


def test_dockers_containerd_without_cri_is_recognised(lab: Lab, defaults: SshDefaults, open_host: Opener) -> None:
    machine = lab.host("h1")
    machine.run("cp /etc/containerd/config.toml /tmp/config.toml", check=True)
    machine.run("echo 'disabled_plugins = [\"cri\"]' >/etc/containerd/config.toml", check=True)
    machine.stop("containerd")
    machine.run(
        "setsid containerd --config /etc/containerd/config.toml >/dev/null 2>&1 & echo $! >/tmp/docker.pid", check=True
    )
    try:
        error = first_answer(open_host())
        assert isinstance(error, Permanent)
        assert "disabled_plugins" in error.hint
        assert "disabled_plugins" in checks(lab, defaults)["containerd"].hint
    finally:
        machine.run("kill $(cat /tmp/docker.pid); cp /tmp/config.toml /etc/containerd/config.toml", check=True)
        machine.run("tail --pid=$(cat /tmp/docker.pid) -f /dev/null", check=True)
        machine.start("containerd")
