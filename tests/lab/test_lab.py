"""The lab's promises, kept by real hosts: separate, reachable, breakable, and gone without trace."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.manifests import load_agent_config
from agent.model.objects.agent import AgentConfig
from lab import Lab, LabHost, cgroups, cleanup
from lab.processes import Process
from lab.state import paths_for

pytestmark = pytest.mark.lab

NAME = "tlab"
REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab.up(hosts=2, name=NAME) as up:
        yield up


def ssh(lab: Lab, host: LabHost, command: str, user: str = "root") -> subprocess.CompletedProcess[str]:
    config = lab.paths.state / f"ssh_config.{user}"
    config.write_text(lab.ssh_config(user))
    command_line = ["ssh", "-F", str(config), "-o", "ConnectTimeout=3", host.name, command]
    return subprocess.run(command_line, capture_output=True, text=True, timeout=30, check=False)


def eventually(what: str, holds: object, timeout: float = 10.0) -> None:
    assert callable(holds)
    deadline = time.monotonic() + timeout
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def start_container(host: LabHost, image: str, name: str) -> None:
    host.run(f"ctr -n k8s.io images pull --plain-http {image}", check=True)
    host.run(f"ctr -n k8s.io run -d --null-io {image} {name}", check=True)


def test_ssh_finds_each_host_by_its_own_pinned_key(lab: Lab) -> None:
    assert lab.hosts[0].host_key != lab.hosts[1].host_key
    for host in lab.hosts:
        done = ssh(lab, host, "hostname; echo $HOME; echo $SHELL; ls -A $HOME; touch /etc/made-here /root/kept-here")
        assert (done.stdout.split(), done.stderr) == ([host.name, "/root", "/bin/dash"], "")
    swapped = lab.known_hosts_file.read_text().replace(lab.hosts[0].host_key, lab.hosts[1].host_key)
    wrong = lab.paths.state / "wrong_known_hosts"
    wrong.write_text(swapped)
    config = lab.paths.state / "wrong_ssh_config"
    config.write_text(lab.ssh_config().replace(str(lab.known_hosts_file), str(wrong)))
    refused = subprocess.run(
        ["ssh", "-F", str(config), "h1", "true"], capture_output=True, text=True, timeout=30, check=False
    )
    assert refused.returncode == 255
    assert "REMOTE HOST IDENTIFICATION HAS CHANGED" in refused.stderr


def test_what_a_host_writes_stays_on_that_host(lab: Lab) -> None:
    first, second = lab.hosts
    everywhere = ("/etc/lab-mark", "/root/lab-mark", "/var/lib/trimtab/lab-mark", "/run/lab-mark", "/usr/lab-mark")
    first.run("; ".join(f"mkdir -p $(dirname {path}); echo mark >{path}" for path in everywhere), check=True)
    for path in everywhere:
        assert not Path(path).exists()
        assert second.run(f"test -e {path}").returncode == 1
    assert first.run("stat -f -c %T /run/trimtab", check=True).stdout.strip() == "tmpfs"
    assert "sshd" in first.run("ps -A", check=True).stdout
    assert str(os.getpid()) not in first.run("ps -A -o pid", check=True).stdout.split()


def test_the_unprivileged_user_becomes_root_through_sudo_only(lab: Lab) -> None:
    host = lab.hosts[0]
    assert ssh(lab, host, "id -un; pwd", "op").stdout.split() == ["op", "/home/op"]
    assert ssh(lab, host, "ctr version", "op").returncode != 0
    assert ssh(lab, host, "sudo -n id -un", "op").stdout.strip() == "root"
    assert ssh(lab, host, "sudo -n ctr version", "op").returncode == 0
    assert ssh(lab, host, "command -v socat", "op").returncode == 0


def test_containerd_answers_on_the_host_and_from_the_machine(lab: Lab) -> None:
    for host in lab.hosts:
        assert "Server" in host.run("ctr version", check=True).stdout
        direct = ["ctr", "--address", host.containerd_socket, "version"]
        assert "Server" in subprocess.run(direct, capture_output=True, text=True, check=True, timeout=20).stdout
        plugins = host.run("ctr plugins ls", check=True).stdout
        assert [line.split()[-1] for line in plugins.splitlines() if " cri " in line] == ["ok"]


def test_hosts_pull_from_the_registry_and_see_a_tag_move(lab: Lab) -> None:
    host = lab.hosts[0]

    def digest() -> str:
        host.run(f"ctr -n k8s.io images pull --plain-http {reference}", check=True)
        listed = host.run(f"ctr -n k8s.io images ls name=={reference}", check=True).stdout
        return next(word for word in listed.split() if word.startswith("sha256:"))

    reference = lab.images.build("moving", "latest", files={"/etc/version": "one"})
    one = digest()
    lab.images.build("moving", "latest", files={"/etc/version": "one"})
    assert digest() == one
    lab.images.build("moving", "latest", files={"/etc/version": "two"})
    assert digest() != one
    lab.stop_registry()
    assert not lab.registry_running
    assert host.run(f"ctr -n k8s.io images pull --plain-http {reference}").returncode != 0
    lab.start_registry()
    digest()


def test_a_cut_host_goes_on_alone_until_it_is_mended(lab: Lab) -> None:
    first, second = lab.hosts
    ping = f"busybox ping -c1 -W1 {first.address}"
    assert second.run(ping).returncode == 0
    first.cut()
    assert not first.ssh_reachable(1)
    assert second.ssh_reachable()
    assert second.run(ping).returncode == 1
    assert first.run("ctr version").returncode == 0
    assert first.is_cut
    first.mend()
    eventually("h1 is reachable again", first.ssh_reachable)
    assert ssh(lab, first, "true").returncode == 0


@pytest.mark.parametrize("end", ["kill", "stop"])
def test_containerd_comes_back_and_containers_do_not_notice(lab: Lab, end: str) -> None:
    host = lab.hosts[0]
    start_container(host, lab.images.reference("app", "1.0"), f"lives-{end}")
    getattr(host, end)("containerd")
    assert not host.is_running("containerd")
    assert host.run("ctr --connect-timeout 1s version").returncode != 0
    assert "sleep 86400" in host.run("ps -A -o args", check=True).stdout
    host.start("containerd")
    assert f"lives-{end}" in host.run("ctr -n k8s.io tasks ls", check=True).stdout


def test_sshd_can_be_stopped_and_started(lab: Lab) -> None:
    host = lab.hosts[1]
    host.stop("sshd")
    assert ssh(lab, host, "true").returncode == 255
    host.start("sshd")
    assert ssh(lab, host, "true").returncode == 0


def test_a_reboot_ends_every_process_and_empties_run(lab: Lab) -> None:
    host, other = lab.hosts
    start_container(host, lab.images.reference("app", "1.0"), "rebooted")
    host.run("touch /run/trimtab/secret /run/containerd/mark /root/kept /var/lib/trimtab/kept", check=True)
    before, key = host.init, host.host_key
    members = other.run("ps -A -o pid,comm", check=True).stdout.count("containerd")
    host.reboot()
    assert before is not None
    assert not before.alive
    assert ssh(lab, host, "true").returncode == 0
    assert "sleep 86400" not in host.run("ps -A -o args", check=True).stdout
    assert host.run("ctr -n k8s.io tasks ls -q", check=True).stdout == ""
    assert "rebooted" in host.run("ctr -n k8s.io containers ls -q", check=True).stdout.split()
    assert host.run("ls /run/trimtab", check=True).stdout == ""
    assert host.run("test -e /run/containerd/mark").returncode == 1
    assert host.run("test -e /root/kept && test -e /var/lib/trimtab/kept").returncode == 0
    assert Lab.attach(NAME).host("h1").host_key == key
    assert other.run("ps -A -o pid,comm", check=True).stdout.count("containerd") == members


def test_the_switch_keeps_its_address_when_hosts_come_and_go(lab: Lab) -> None:
    def neighbour() -> str:
        lab.images.build("seen", "1")
        gateway = lab.registry.partition(":")[0]
        command = ["ip", "neigh", "show", gateway]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout.split("lladdr")[1]

    before = neighbour().split()[0]
    for host in lab.hosts:
        host.reboot()
        began = time.monotonic()
        assert neighbour().split()[0] == before
        assert time.monotonic() - began < 5


def test_a_cut_host_is_still_cut_after_a_reboot(lab: Lab) -> None:
    host = lab.hosts[1]
    host.cut()
    host.reboot()
    assert not host.ssh_reachable(1)
    host.mend()
    eventually("h2 is reachable again", host.ssh_reachable)


def test_manifests_and_configuration_name_the_hosts(lab: Lab, tmp_path: Path) -> None:
    written = lab.write_hosts(tmp_path / "hosts")
    assert [path.name for path in written] == ["h1.yaml", "h2.yaml"]
    for path, host in zip(written, lab.hosts, strict=True):
        assert host.host_key in path.read_text()
        assert host.address in path.read_text()
    config = lab.agent_config(tmp_path, "file:///tmp/fleet.git").read_text()
    loaded = load_agent_config("agent.yaml", config.encode())
    assert isinstance(loaded, AgentConfig)
    assert loaded.spec.metrics.port == 0, "an agent of the machine's own has the usual one"
    assert "file:///tmp/fleet.git" in config
    assert str(lab.identity_file) in config
    assert lab.identity_file.stat().st_mode & 0o777 == 0o600


def test_another_process_can_use_the_lab(lab: Lab) -> None:
    def command(*words: str) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "-m", "lab", *words]
        return subprocess.run(line, cwd=REPOSITORY, capture_output=True, text=True, timeout=60, check=False)

    assert command("exec", "--name", NAME, "h2", "--", "hostname").stdout.strip() == "h2"
    assert "containerd STOPPED" in command("kill", "--name", NAME, "h2", "containerd").stdout
    assert "h2    " in command("status", "--name", NAME).stdout
    assert "containerd runs" in command("start", "--name", NAME, "h2", "containerd").stdout
    unknown = command("cut", "--name", NAME, "h9")
    assert unknown.returncode == 1
    assert "has no host 'h9': it has h1, h2" in unknown.stderr
    refused = command("up", "--name", NAME)
    assert refused.returncode == 1
    assert "is up already" in refused.stderr
    assert lab.hosts[1].is_running("containerd")


def test_labs_live_side_by_side_and_leave_nothing(lab: Lab) -> None:
    paths = paths_for("tlab2")
    with Lab.up(hosts=1, name="tlab2") as second:
        host = second.hosts[0]
        processes = [Process.of(pid) for pid in cgroups.members("tlab2")]
        assert second.registry != lab.registry
        assert ssh(second, host, "hostname").stdout.strip() == "h1"
        start_container(host, second.images.reference("app", "1.0"), "left")
        assert cleanup.leftovers(paths)
    assert cleanup.leftovers(paths) == []
    assert len(processes) > 4
    assert not [process for process in processes if process and process.alive]
    assert "trimtab-lab/tlab2" not in Path("/proc/self/mountinfo").read_text()
    assert ssh(lab, lab.hosts[0], "true").returncode == 0


def test_what_a_crashed_run_left_is_replaced() -> None:
    crash = (
        "import os, signal; from lab import Lab; lab = Lab.up(hosts=1, name='tlab3');"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    line = [sys.executable, "-c", crash]
    assert subprocess.run(line, cwd=REPOSITORY, timeout=60, check=False).returncode == -9
    left = cgroups.members("tlab3")
    assert left
    with Lab.up(hosts=1, name="tlab3") as lab:
        assert not left & cgroups.members("tlab3")
        assert lab.hosts[0].ssh_reachable()
    assert cleanup.leftovers(paths_for("tlab3")) == []
