"""What a step does to a real host: seen from inside the container, in the host's own files and on containerd."""

import re
import time
from collections.abc import Callable

import pytest
from msgspec.structs import replace

from agent.hosts.host import ContainerdHost
from agent.model import labels
from agent.model.action import (
    ContainerStop,
    ForgetAttempt,
    RemovePodFiles,
    ResizeContainer,
    SetCgroup,
    StartContainer,
    StopContainers,
    WriteEtcHosts,
)
from agent.model.cgroup import PodCgroup
from agent.model.cri import ContainerConfig, EnvValue, LinuxResources, Mount, SandboxConfig
from agent.model.etc_hosts import HostsEntry, etc_hosts
from agent.model.objects.pod import ExecAction, HttpGetAction, LifecycleHandler, SleepAction
from agent.model.podip import POD_IP, POD_IPS
from lab import Lab
from lab.host import LabHost
from tests.hosts import pods
from tests.hosts.pods import action, container_config, create_steps, execute, sandbox_config, succeed

pytestmark = pytest.mark.lab
Opener = Callable[..., ContainerdHost]
PATIENT = ("sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.1; done")


@pytest.fixture
def machine(lab: Lab) -> LabHost:
    return lab.host("h1")


def logged(host: ContainerdHost, sandbox: SandboxConfig, container: ContainerConfig) -> list[str]:
    return [line.text for line in host.logs(sandbox, container.log_path, tail=None)]


def inside(host: ContainerdHost, container_id: str, *command: str) -> str:
    return host._connected().runtime.execute(container_id, command, 10).stdout.decode()


def test_the_hosts_file_holds_the_pods_addresses_and_is_written_in_place(
    host: ContainerdHost, image: str, machine: LabHost
) -> None:
    sandbox = sandbox_config("web")
    path, entry = (
        f"{labels.PODS_DIR}/{sandbox.uid}/etc-hosts",
        HostsEntry(hostname="web", aliases=(("1.2.3.4", ("x",)),)),
    )
    container = container_config(sandbox, image, mounts=[Mount(container_path="/etc/hosts", host_path=path)])
    make, run, start = create_steps(sandbox, container)
    succeed(host, make, run, WriteEtcHosts(path=path, entry=entry), start)
    live, ips = pods.container_of(host, "web"), pods.sandbox_of(host, "web").ips
    assert inside(host, live.id, "cat", "/etc/hosts") == etc_hosts(entry, ips)
    assert len(ips) == 2
    assert machine.run(f"stat -c %a {path}").stdout == "644\n"

    machine.run(f"echo tampered >{path}; chmod 600 {path}", check=True)
    other = HostsEntry(hostname="it's $HOME `id`")
    succeed(host, WriteEtcHosts(path=path, entry=other, ips=("9.9.9.9",)))
    assert inside(host, live.id, "cat", "/etc/hosts") == etc_hosts(other, ["9.9.9.9"]), "the very file that is mounted"
    assert machine.run(f"stat -c %a {path}").stdout == "644\n"


def test_addresses_take_the_place_of_their_marks(host: ContainerdHost, image: str) -> None:
    sandbox = sandbox_config("web")
    container = container_config(
        sandbox,
        image,
        command=("sh", "-c", f"echo $A; echo {POD_IP}; exec sleep 100000"),
        envs=[EnvValue(name="A", value=f"at {POD_IPS}")],
    )
    succeed(host, *create_steps(sandbox, container))
    first, second = pods.sandbox_of(host, "web").ips
    live = pods.container_of(host, "web")
    assert inside(host, live.id, "sh", "-c", "echo $A") == f"at {first},{second}\n"
    assert live.config.command[2] == f"echo $A; echo {first}; exec sleep 100000"


def test_a_post_start_hook_runs_in_the_container_that_was_started(host: ContainerdHost, image: str) -> None:
    sandbox = sandbox_config("web")
    *before, start = create_steps(sandbox, container_config(sandbox, image))
    assert isinstance(start, StartContainer)
    hook = LifecycleHandler(exec=ExecAction(command=("sh", "-c", "echo $HOSTNAME >/tmp/hooked")))
    succeed(host, *before, replace(start, post_start=hook))
    assert inside(host, pods.container_of(host, "web").id, "cat", "/tmp/hooked") == "web\n"


@pytest.mark.parametrize(
    ("hook", "says"),
    [
        (LifecycleHandler(exec=ExecAction(command=("sh", "-c", "echo not today; exit 7"))), "not today"),
        (LifecycleHandler(http_get=HttpGetAction(port=81)), "refused"),
    ],
)
def test_a_post_start_hook_that_fails_stops_its_container(
    host: ContainerdHost, image: str, hook: LifecycleHandler, says: str
) -> None:
    sandbox = sandbox_config("web")
    *before, start = create_steps(sandbox, container_config(sandbox, image, command=PATIENT))
    assert isinstance(start, StartContainer)
    outcome = execute(host, action("web", *before, replace(start, post_start=hook, grace=5)))["web"]
    assert outcome.step == "start-container"
    assert "FailedPostStartHook: container main: " in outcome.error
    assert says in outcome.error
    live = pods.container_of(host, "web")
    assert (live.state, live.exit_code) == ("exited", 0), "asked to end, not killed"


def test_containers_stop_wave_after_wave_with_their_hooks_first(
    host: ContainerdHost, image: str, machine: LabHost
) -> None:
    sandbox = sandbox_config("web")
    folder = f"{labels.PODS_DIR}/{sandbox.uid}/volumes/empty-dir/notes"
    machine.run(f"mkdir -p {folder}", check=True)
    say = "trap 'echo {0} stops >>/notes/all; exit 0' TERM; while :; do sleep 0.05; done"
    notes = [Mount(container_path="/notes", host_path=folder)]
    names = ("main", "slow", "side")
    configs = [
        container_config(sandbox, image, name=name, command=("sh", "-c", say.format(name)), mounts=notes)
        for name in names
    ]
    succeed(host, *create_steps(sandbox, *configs))
    ids = {name: pods.container_of(host, "web", name).id for name in names}
    hook = LifecycleHandler(exec=ExecAction(command=("sh", "-c", "echo slow hook >>/notes/all; sleep 0.5")))
    succeed(
        host,
        StopContainers(
            containers=(
                ContainerStop(container_id=ids["side"], name="side", grace=30, wave=1),
                ContainerStop(container_id=ids["slow"], name="slow", grace=30, pre_stop=hook),
                ContainerStop(container_id=ids["main"], name="main", grace=30),
                ContainerStop(container_id="0" * 64, name="gone", grace=30),
            )
        ),
    )
    said = machine.run(f"cat {folder}/all").stdout.splitlines()
    assert sorted(said[:2]) == ["main stops", "slow hook"], "side by side"
    assert said[2:] == ["slow stops", "side stops"]
    assert {one.state for one in host.observe().containers} == {"exited"}


def test_a_hook_that_takes_all_the_grace_leaves_two_seconds_and_is_told_of(host: ContainerdHost, image: str) -> None:
    sandbox = sandbox_config("web")
    succeed(host, *create_steps(sandbox, container_config(sandbox, image)))  # sleep ignores TERM as PID 1
    live = pods.container_of(host, "web")
    hook = LifecycleHandler(exec=ExecAction(command=("sleep", "1000")))
    began = time.monotonic()
    stop = ContainerStop(container_id=live.id, name="main", grace=1, pre_stop=hook)
    outcome = execute(host, action("web", StopContainers(containers=(stop,))))["web"]
    assert time.monotonic() - began > 3
    assert outcome.error == ""
    assert len(outcome.warnings) == 1
    assert re.match(r"FailedPreStopHook: container main: .*timed out", outcome.warnings[0])
    assert pods.container_of(host, "web").exit_code == 137


def test_a_pause_is_a_hook_too(host: ContainerdHost, image: str) -> None:
    sandbox = sandbox_config("web")
    succeed(host, *create_steps(sandbox, container_config(sandbox, image, command=PATIENT)))
    live = pods.container_of(host, "web")
    hook = LifecycleHandler(sleep=SleepAction(seconds=1))
    began = time.monotonic()
    succeed(host, StopContainers(containers=(ContainerStop(container_id=live.id, name="m", grace=9, pre_stop=hook),)))
    assert time.monotonic() - began > 1
    assert pods.container_of(host, "web").exit_code == 0


def cgroup_value(machine: LabHost, controller: str, parent: str, name: str) -> str:
    return machine.run(f"cat /sys/fs/cgroup/{controller}{parent}/{name}", check=True).stdout.strip()


def test_limits_are_changed_in_place(host: ContainerdHost, image: str) -> None:
    sandbox = sandbox_config("web")
    small = LinuxResources(cpu_period=100000, cpu_quota=10000, cpu_shares=102, memory_limit_in_bytes=64 << 20)
    succeed(host, *create_steps(sandbox, replace(container_config(sandbox, image), resources=small)))
    live = pods.container_of(host, "web")
    big = LinuxResources(cpu_period=100000, cpu_quota=-1, cpu_shares=512, memory_limit_in_bytes=128 << 20)
    succeed(host, ResizeContainer(container_id=live.id, name="main", resources=big))
    after = pods.container_of(host, "web")
    assert (after.id, after.started_at, after.state) == (live.id, live.started_at, "running")
    root = "/sys/fs/cgroup"
    limits = f"cat {root}/memory/memory.limit_in_bytes {root}/cpu/cpu.cfs_quota_us {root}/cpu/cpu.shares"
    assert inside(host, live.id, "sh", "-c", limits).split() == [str(128 << 20), "-1", "512"]


def test_a_pods_cgroup_is_made_limited_changed_and_removed(host: ContainerdHost, image: str, machine: LabHost) -> None:
    plain = sandbox_config("web")
    parent = f"/trimtab/burstable/pod{plain.uid}"
    sandbox = replace(plain, cgroup_parent=parent)
    machine.run("for each in cpu memory; do mkdir -p /sys/fs/cgroup/$each/trimtab/besteffort; done", check=True)
    cgroup = PodCgroup(
        parent=parent, cpu_shares=256, cpu_quota=50000, cpu_period=100000, memory_limit_in_bytes=96 << 20
    )
    succeed(host, SetCgroup(cgroup=cgroup), *create_steps(sandbox, container_config(sandbox, image)))
    live = pods.container_of(host, "web")
    assert cgroup_value(machine, "cpu", parent, "cpu.shares") == "256"
    assert cgroup_value(machine, "cpu", parent, "cpu.cfs_quota_us") == "50000"
    assert cgroup_value(machine, "memory", parent, "memory.limit_in_bytes") == str(96 << 20)
    assert live.id in machine.run(f"ls /sys/fs/cgroup/cpu{parent} /sys/fs/cgroup/memory{parent}").stdout
    assert cgroup_value(machine, "cpu", "/trimtab/burstable", "cpu.shares") == "256", "what burstable pods ask for"
    assert cgroup_value(machine, "cpu", "/trimtab/besteffort", "cpu.shares") == "2"

    succeed(host, SetCgroup(cgroup=PodCgroup(parent=parent, cpu_shares=512)))
    assert cgroup_value(machine, "cpu", parent, "cpu.shares") == "512"
    assert cgroup_value(machine, "cpu", parent, "cpu.cfs_quota_us") == "-1"
    assert int(cgroup_value(machine, "memory", parent, "memory.limit_in_bytes")) > 1 << 60

    stop, remove, files = pods.remove_steps(pods.sandbox_of(host, "web"))
    assert isinstance(files, RemovePodFiles)
    succeed(host, stop, remove, replace(files, cgroup_parent=parent))
    assert machine.run(f"ls -d /sys/fs/cgroup/*{parent}").stdout == ""


def test_a_cgroup_that_is_not_a_pods_is_left_alone(host: ContainerdHost, machine: LabHost) -> None:
    machine.run("mkdir -p /sys/fs/cgroup/cpu/theirs", check=True)
    for parent in ("/theirs", "/trimtab/../theirs", "/trimtab", "/"):
        outcome = execute(
            host,
            action("set", SetCgroup(cgroup=PodCgroup(parent=parent, cpu_shares=2))),
            action("remove", RemovePodFiles(uid="0" * 36, cgroup_parent=parent)),
        )
        assert "is not the cgroup of a pod" in outcome["set"].error
        assert "is not the cgroup of a pod" in outcome["remove"].error
    assert machine.run("rmdir /sys/fs/cgroup/cpu/theirs").returncode == 0


def test_of_an_earlier_attempt_its_log_its_rotated_logs_and_its_last_words_go(
    host: ContainerdHost, machine: LabHost
) -> None:
    uid = sandbox_config("web").uid
    logs, words = f"{labels.LOGS_DIR}/default_web_{uid}/main", f"{labels.PODS_DIR}/{uid}/containers/main"
    machine.run(f"mkdir -p {logs} {words}; cd {logs}; touch 0.log 0.log.20260101-000000 1.log 10.log", check=True)
    machine.run(f"cd {words}; touch 0 1", check=True)
    succeed(host, ForgetAttempt(log=f"{logs}/0.log", message=f"{words}/0"))
    assert machine.run(f"ls {logs}; ls {words}").stdout.split() == ["1.log", "10.log", "1"]
    outcome = execute(host, action("bad", ForgetAttempt(log="/var/log/pods/../../../etc/0.log", message="/etc/passwd")))
    assert "is not the log of a container" in outcome["bad"].error
    assert machine.run("test -e /etc/passwd").returncode == 0
    machine.run(f"rm -rf {labels.LOGS_DIR}/default_web_{uid} {labels.PODS_DIR}/{uid}", check=True)
