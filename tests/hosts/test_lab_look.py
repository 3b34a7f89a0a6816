"""What one look tells of a real host: the machine, its images, how its containers ended and what they said."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from agent.hosts.host import ContainerdHost
from agent.model import labels
from agent.model.action import MakeFolders, PullImage, RemovePodFiles, WriteEtcHosts
from agent.model.cri import LinuxResources, Mount
from agent.model.etc_hosts import HostsEntry
from agent.model.files import Folder
from agent.model.observation import ContainerSeen
from agent.model.registry import RegistryAuth
from agent.model.value import Sensitive
from agent.ports import Temporary
from lab import Lab
from lab.host import LabHost
from tests.e2e.fleet import eventually
from tests.hosts import pods
from tests.hosts.pods import action, container_config, create_steps, execute, sandbox_config, succeed
from tests.login_registry import login_registry

pytestmark = pytest.mark.lab
Opener = Callable[..., ContainerdHost]


@pytest.fixture
def machine(lab: Lab) -> LabHost:
    return lab.host("h1")


def test_the_machine_is_told(host: ContainerdHost, open_host: Opener, machine: LabHost) -> None:
    facts = host.observe().facts
    assert facts.addresses[0] == machine.address
    assert not any(address.startswith(("127.", "fe80")) for address in facts.addresses)
    assert (facts.cgroup_version, facts.cgroup_driver) == (1, "cgroupfs")
    assert (facts.features == ()) is facts.version.startswith("1.6")  # what each later one brought: test_releases.py
    assert facts.handlers == ("runc", "spare")
    assert facts.storage_bytes == int(machine.run("df -B1 --output=size /var/lib/trimtab | tail -1").stdout)
    assert facts.resolv_conf == machine.run("cat /etc/resolv.conf").stdout.rstrip("\n")
    assert host.observe().facts == facts
    by_sudo = open_host(user="op", become="sudo").observe().facts
    assert by_sudo.addresses == facts.addresses


def test_mounts_and_hosts_files_of_pods_are_seen(host: ContainerdHost) -> None:
    sandbox = sandbox_config("web")
    tmpfs, hosts = (
        f"{labels.SECRETS_DIR}/{sandbox.uid}/volumes/empty-dir/a",
        f"{labels.PODS_DIR}/{sandbox.uid}/etc-hosts",
    )
    succeed(
        host,
        MakeFolders(folders=(Folder(path=tmpfs, medium="Memory"),)),
        WriteEtcHosts(path=hosts, entry=HostsEntry(hostname="web"), ips=("10.0.0.1",)),
    )
    seen = host.observe()
    assert seen.mounts == (tmpfs,)
    assert (seen.files[hosts].mode, len(seen.files[hosts].sha256)) == (0o644, 64)
    succeed(host, RemovePodFiles(uid=sandbox.uid))
    seen = host.observe()
    assert (seen.mounts, hosts in seen.files) == ((), False)


def test_images_tell_who_they_run_as(host: ContainerdHost, image: str) -> None:
    (found,) = (each for each in host.observe().images if image in each.tags)
    assert found.user in ("", "0")
    assert not found.pinned


def ended(
    host: ContainerdHost, image: str, script: str, policy: str = "File", *, resources: LinuxResources | None = None
) -> ContainerSeen:
    """Run a container to its end and look at it."""
    sandbox = sandbox_config("job")
    path = f"{labels.PODS_DIR}/{sandbox.uid}/containers/main/0"
    plain = container_config(
        sandbox,
        image,
        command=("sh", "-c", script),
        mounts=[Mount(container_path="/dev/termination-log", host_path=path)],
    )
    config = replace(
        plain,
        annotations={**plain.annotations, labels.TERMINATION_MESSAGE: f"/dev/termination-log {policy}"},
        resources=resources or LinuxResources(),
    )
    make, *rest = create_steps(sandbox, config)
    folder = "/".join(path.split("/")[:-1])
    succeed(host, make, MakeFolders(folders=(Folder(path=folder), Folder(path=path, kind="file", mode=0o666))), *rest)
    while (live := pods.container_of(host, "job")).state != "exited" or host._connected().exits.known():
        pass
    return live


@pytest.mark.parametrize(
    ("script", "policy", "said"),
    [
        ("echo gave up >/dev/termination-log; echo log; exit 1", "File", ("gave up", "log")),
        ("echo no config; exit 1", "File", ("", "no config")),
        ("echo no; echo config >&2; exit 1", "FallbackToLogsOnError", ("no\nconfig", "no\nconfig")),
        ("echo fine", "FallbackToLogsOnError", ("", "")),
        ("echo done >/dev/termination-log", "FallbackToLogsOnError", ("done", "")),
        (r"printf 'a\377b' >/dev/termination-log; exit 1", "File", ("a\ufffdb", "")),
    ],
)
def test_last_words_are_heard(
    host: ContainerdHost, image: str, script: str, policy: str, said: tuple[str, str]
) -> None:
    host.watch(lambda: None)
    live = ended(host, image, script, policy)
    heard = [sorted(text.split("\n")) for text in (live.message, live.last_lines)]
    assert heard == [sorted(text.split("\n")) for text in said]


def test_last_words_are_bounded_and_read_once(host: ContainerdHost, image: str, machine: LabHost) -> None:
    host.watch(lambda: None)
    live = ended(
        host, image, "head -c 9000 /dev/zero | tr '\\0' x >/dev/termination-log; yes line | head -n 500; exit 1"
    )
    assert live.message == "x" * 4096
    assert live.last_lines == "\n".join(["line"] * 5)
    machine.run(f"echo changed >{live.config.mounts[0].host_path}", check=True)
    assert pods.container_of(host, "job") == live


def test_the_log_of_one_that_says_nothing_else_is_bounded(host: ContainerdHost, image: str) -> None:
    live = ended(host, image, "seq 1 300; exit 1", "FallbackToLogsOnError")
    assert live.message.splitlines()[-1] == "300"
    assert len(live.message.splitlines()) == 80
    live = ended_again(host, image)
    assert len(live.message) == 2048


def ended_again(host: ContainerdHost, image: str) -> ContainerSeen:
    pods.remove_all(host)
    return ended(host, image, "head -c 9000 /dev/zero | tr '\\0' y; exit 1", "FallbackToLogsOnError")


def test_a_death_for_want_of_memory_is_called_so(host: ContainerdHost, image: str) -> None:
    host.watch(lambda: None)
    limit = LinuxResources(memory_limit_in_bytes=16 << 20)
    live = ended(host, image, "x=$(cat /dev/zero | tr '\\0' x | head -c 200000000); echo ${#x}", resources=limit)
    # The kernel's word may come a moment after the end.
    eventually(lambda: pods.container_of(host, "job").reason == "OOMKilled", what=repr(live))
    assert live.exit_code != 0


def pull(host: ContainerdHost, image: str, *auths: RegistryAuth) -> str:
    return execute(host, action("pull", PullImage(image=image, always=True, auths=auths)))["pull"].error


def test_pulls_log_in_with_what_fits(host: ContainerdHost, lab: Lab, image: str, tmp_path: Path) -> None:
    with login_registry(lab, tmp_path, user="ana", password="hunter2") as registry:
        private = image.replace(lab.registry, registry)
        right = RegistryAuth(server=registry, username="ana", password=Sensitive("hunter2"))
        wrong = RegistryAuth(server=registry, username="ana", password=Sensitive("hunter3"))
        elsewhere = RegistryAuth(server="registry.example.com", username="ana", password=Sensitive("hunter2"))
        for auths in ((), (wrong,), (elsewhere,)):
            error = pull(host, private, *auths)
            assert "does not let the host have it" in error
            assert "imagePullSecrets" in error
            assert "hunter" not in error
        assert pull(host, private, wrong, right) == ""
        assert "has no such image" in pull(host, f"{registry}/nothing:1", right)
    assert "cannot be reached" in pull(host, private, right)


def test_a_full_disk_is_named(host: ContainerdHost, machine: LabHost) -> None:
    host.observe()
    machine.run("mount -t tmpfs -o size=64k small /var/lib/trimtab; cat /dev/zero >/var/lib/trimtab/full")
    try:
        path = f"{labels.PODS_DIR}/{pods.new_uid()}/etc-hosts"
        step = WriteEtcHosts(path=path, entry=HostsEntry(hostname="web"), ips=("10.0.0.1",))
        outcome = execute(host, action("write", step))["write"]
        assert outcome.kind == "files"
        assert re.search(
            r"No space left on device.*/var/lib/trimtab \(small\) of the host is full: free", outcome.error
        )
        assert host.observe().pod_dirs in ((), (path.split("/")[5],)), "it is looked at all the same"
    finally:
        machine.run("umount /var/lib/trimtab", check=True)


def test_a_disk_that_cannot_be_written_is_named(host: ContainerdHost, machine: LabHost) -> None:
    host.observe()
    machine.run("mount --bind /var/lib/trimtab /var/lib/trimtab; mount -o remount,bind,ro /var/lib/trimtab", check=True)
    try:
        folder = Folder(path=f"{labels.PODS_DIR}/{pods.new_uid()}/volumes/empty-dir/a")
        outcome = execute(host, action("make", MakeFolders(folders=(folder,))))["make"]
        assert re.search(r"Read-only file system.*/var/lib/trimtab .* is mounted read-only", outcome.error)
        assert host.observe().pod_dirs == ()
    finally:
        machine.run("umount /var/lib/trimtab", check=True)


def test_an_answer_that_is_cut_short_is_no_observation(host: ContainerdHost, machine: LabHost) -> None:
    """A shell of the host that ends in the middle of what it says."""
    host.observe()
    kills = "#!/bin/sh\nread -r _ _ _ above _ </proc/$PPID/stat\nkill -KILL $above\n"
    machine.run("mv /usr/bin/sha256sum /usr/bin/kept; cat >/usr/bin/sha256sum", stdin=kills, check=True)
    folder = "/var/lib/trimtab/pods/uid/volumes/configmap/a"
    machine.run(f"chmod +x /usr/bin/sha256sum; mkdir -p {folder}; echo x >{folder}/x", check=True)
    try:
        with pytest.raises(Temporary, match="cut short"):
            host.observe()
    finally:
        machine.run("mv /usr/bin/kept /usr/bin/sha256sum; rm -r /var/lib/trimtab/pods/uid", check=True)
    host.observe()
