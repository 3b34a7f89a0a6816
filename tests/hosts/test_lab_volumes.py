"""Volumes on real hosts: made, mounted, owned, and left by no path that a container plants."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from agent.hosts.host import ContainerdHost
from agent.model.action import MakeFolders, MountFilesystems, OwnVolumes, RemovePodFiles, WriteFiles
from agent.model.cri import Mount
from agent.model.files import FileContent, FileTree, Folder, MountedFilesystem, OwnedVolume
from agent.model.labels import PODS_DIR, SECRETS_DIR, SUB_PATHS
from lab import Lab
from lab.host import LabHost
from tests.hosts.pods import (
    action,
    container_config,
    create_steps,
    execute,
    new_uid,
    sandbox_config,
    succeed,
)

pytestmark = pytest.mark.lab


@pytest.fixture
def machine(lab: Lab) -> LabHost:
    return lab.host("h1")


@pytest.fixture
def data(machine: LabHost) -> Iterator[str]:
    """A folder of the host that is nobody's pod's."""
    path = f"/srv/{new_uid()}"
    machine.run(f"mkdir -p {path}", check=True)
    yield path
    machine.run(f"rm -rf {path}", check=True)


@contextmanager
def busy(machine: LabHost, folder: str) -> Iterator[None]:
    """Keep a process of the host in a folder."""
    command = machine.entering("sh", "-c", f"cd {folder} && echo there && exec sleep 1000")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd="/") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "there\n"
        yield
        process.terminate()


def inside(machine: LabHost, container_id: str, command: str) -> str:
    return machine.run(
        f"ctr -n k8s.io tasks exec --exec-id {new_uid()} {container_id} sh -c '{command}'", check=True
    ).stdout


# Folders


@pytest.mark.parametrize(
    ("kind", "made_with"),
    [("file", "touch"), ("socket", "python3 -c 'import socket,sys; socket.socket(1).bind(sys.argv[1])'")],
)
def test_what_must_exist_is_told_by_its_kind(
    host: ContainerdHost, machine: LabHost, data: str, kind: str, made_with: str
) -> None:
    path = f"{data}/it"
    step = MakeFolders(folders=(Folder(path=path, kind=kind, must_exist=True),))  # type: ignore[arg-type] # a test's choice
    assert execute(host, action("pod", step))["pod"].error == f"{path} does not exist on the host"
    machine.run(f"mkdir {path}", check=True)
    assert f"is not a {kind}" in execute(host, action("pod", step))["pod"].error
    machine.run(f"rmdir {path} && {made_with} {path}", check=True)
    succeed(host, step)


def test_a_device_is_told_by_its_kind(host: ContainerdHost) -> None:
    succeed(host, MakeFolders(folders=(Folder(path="/dev/null", kind="char-device", must_exist=True),)))
    step = MakeFolders(folders=(Folder(path="/dev/null", kind="block-device", must_exist=True),))
    assert "/dev/null is not a block device" in execute(host, action("pod", step))["pod"].error


def test_a_file_is_made_once_and_left_alone(host: ContainerdHost, machine: LabHost, data: str) -> None:
    path = f"{data}/new/termination-log"
    step = MakeFolders(folders=(Folder(path=path, mode=0o666, kind="file"),))
    succeed(host, step)
    assert machine.run(f"stat -c '%a %F' {path}", check=True).stdout == "666 regular empty file\n"
    machine.run(f"echo kept >{path}", check=True)
    succeed(host, step)
    assert machine.run(f"cat {path}", check=True).stdout == "kept\n"


def test_folders_belong_to_the_group_and_a_tmpfs_has_its_size(host: ContainerdHost, machine: LabHost) -> None:
    uid = new_uid()
    plain = f"{PODS_DIR}/{uid}/volumes/empty-dir/scratch"
    memory = f"{SECRETS_DIR}/{uid}/volumes/empty-dir/cache"
    succeed(
        host,
        MakeFolders(
            folders=(
                Folder(path=plain, mode=0o2777, group=2000),
                Folder(path=memory, mode=0o2777, group=2000, medium="Memory", size_limit=1 << 20),
            )
        ),
    )
    assert machine.run(f"stat -c '%a %g' {plain} {memory}", check=True).stdout == "2777 2000\n2777 2000\n"
    assert machine.run(f"df -B1 --output=size {memory} | tail -1", check=True).stdout.strip() == str(1 << 20)
    succeed(host, RemovePodFiles(uid=uid))


def test_the_files_of_a_tree_belong_to_the_group(host: ContainerdHost, machine: LabHost) -> None:
    uid = new_uid()
    root = f"{PODS_DIR}/{uid}/volumes/configmap/site"
    files = (FileContent(path="deep/key", mode=0o440, content=b"x"),)
    succeed(host, WriteFiles(trees=(FileTree(root=root, files=files, digest="digest-1", group=2000),)))
    told = machine.run(f"stat -L -c '%a %u %g' {root} {root}/deep {root}/deep/key", check=True).stdout
    assert told == "2755 0 2000\n2755 0 2000\n440 0 2000\n"
    succeed(host, RemovePodFiles(uid=uid))


# Ownership


def test_a_volume_is_given_to_the_group_and_nothing_else_is(host: ContainerdHost, machine: LabHost, data: str) -> None:
    machine.run(
        f"mkdir -p '{data}/volume/a b/c' {data}/other '{data}/volume/mounted [x]' && cd {data} && "
        "touch other/file volume/top 'volume/a b/c/run' && chmod 700 'volume/a b/c/run' volume/top && "
        f"ln -s {data}/other volume/folder && ln -s {data}/other/file volume/file && ln -s /etc/passwd volume/passwd"
        " && mount --bind other 'volume/mounted [x]'",
        check=True,
    )
    before = machine.run("stat -c '%a %g' /etc/passwd", check=True).stdout
    succeed(host, OwnVolumes(volumes=(OwnedVolume(path=f"{data}/volume", group=2000),)))
    told = machine.run(
        f"cd {data} && stat -c '%n %a %g' volume volume/top 'volume/a b' 'volume/a b/c/run' other other/file",
        check=True,
    ).stdout.splitlines()
    assert told == [
        "volume 2775 2000",
        "volume/top 760 2000",
        "volume/a b 2775 2000",
        "volume/a b/c/run 760 2000",
        "other 755 0",
        "other/file 644 0",
    ]
    assert machine.run("stat -c '%a %g' /etc/passwd", check=True).stdout == before
    machine.run(f"umount '{data}/volume/mounted [x]'", check=True)


def test_on_root_mismatch_looks_no_further_than_the_root(host: ContainerdHost, machine: LabHost, data: str) -> None:
    volume = OwnedVolume(path=data, group=2000, on_root_mismatch=True)
    machine.run(f"touch {data}/one", check=True)
    succeed(host, OwnVolumes(volumes=(volume,)))
    assert machine.run(f"stat -c %g {data}/one", check=True).stdout == "2000\n"
    machine.run(f"chgrp 0 {data}/one", check=True)
    succeed(host, OwnVolumes(volumes=(volume,)))
    assert machine.run(f"stat -c %g {data}/one", check=True).stdout == "0\n"
    machine.run(f"chgrp 0 {data}", check=True)
    succeed(host, OwnVolumes(volumes=(volume,)))
    assert machine.run(f"stat -c %g {data}/one", check=True).stdout == "2000\n"


# Filesystems of servers


def nfs(uid: str, *options: str, source: str = "files.example:/exports/a b") -> MountFilesystems:
    path = f"{PODS_DIR}/{uid}/volumes/nfs/shared"
    return MountFilesystems(mounts=(MountedFilesystem(path=path, source=source, options=options),))


@pytest.fixture
def nfs_helper(machine: LabHost) -> Iterator[Callable[[str], None]]:
    """Put a ``mount.nfs`` on the host that stands in for the real one: there is no NFS server in the lab."""

    def install(script: str) -> None:
        machine.run(f"cat >/sbin/mount.nfs <<'END'\n#!/bin/sh\n{script}\nEND\nchmod +x /sbin/mount.nfs", check=True)

    yield install
    machine.run("rm -f /sbin/mount.nfs", check=True)


def test_a_host_without_the_helper_says_what_to_install(host: ContainerdHost) -> None:
    outcome = execute(host, action("pod", nfs(new_uid())))["pod"]
    assert "mount.nfs is not installed (install nfs-common" in outcome.error


def test_an_nfs_folder_is_mounted_once_with_its_options(
    host: ContainerdHost, machine: LabHost, data: str, nfs_helper: Callable[[str], None]
) -> None:
    nfs_helper(f'echo "$@" >>{data}/calls; exec mount -n --bind {data} "$2"')
    uid = new_uid()
    succeed(host, nfs(uid, "nfsvers=4.1", "ro"))
    succeed(host, nfs(uid, "nfsvers=4.1", "ro"))
    (call,) = machine.run(f"cat {data}/calls", check=True).stdout.splitlines()
    assert call.startswith(f"files.example:/exports/a b {PODS_DIR}/{uid}/volumes/nfs/shared ")
    assert "nfsvers=4.1" in call
    succeed(host, RemovePodFiles(uid=uid))
    assert machine.run(f"ls {data}/calls; ls -d {PODS_DIR}/{uid}").stdout == f"{data}/calls\n"


def test_a_server_that_refuses_is_quoted(host: ContainerdHost, nfs_helper: Callable[[str], None]) -> None:
    nfs_helper("echo 'mount.nfs: access denied by server' >&2; exit 32")
    outcome = execute(host, action("pod", nfs(new_uid())))["pod"]
    assert "files.example:/exports/a b cannot be mounted: " in outcome.error
    assert "access denied by server" in outcome.error


def test_no_option_and_no_source_becomes_another_argument(host: ContainerdHost) -> None:
    assert "is not a mount option" in execute(host, action("pod", nfs(new_uid(), "ro,bind")))["pod"].error
    assert "is not SERVER:/PATH" in execute(host, action("pod", nfs(new_uid(), source="-o x:/y")))["pod"].error


# Removing


@pytest.mark.parametrize("kind", ["nfs", "empty-dir"])
def test_nothing_is_removed_through_a_mount(host: ContainerdHost, machine: LabHost, data: str, kind: str) -> None:
    uid = new_uid()
    place = f"{PODS_DIR}/{uid}/volumes/{kind}/shared"
    # Of the same filesystem, twice, and in use: umount fails, and --one-file-system sees no border.
    machine.run(
        f"mkdir -p {place} && echo keep >{data}/file && mount --bind {data} {place} && mount --bind {data} {place}",
        check=True,
    )
    with busy(machine, place):
        succeed(host, RemovePodFiles(uid=uid))
    assert machine.run(f"cat {data}/file; ls -d {PODS_DIR}/{uid}").stdout == "keep\n"


def test_where_a_mount_stays_the_folders_stay(host: ContainerdHost, machine: LabHost, data: str) -> None:
    uid = new_uid()
    place = f"{PODS_DIR}/{uid}/volumes/nfs/shared"
    machine.run(f"mkdir -p {place} && echo keep >{data}/file && mount --bind {data} {place}", check=True)
    machine.run("echo 'exit 32' >/usr/local/bin/umount && chmod +x /usr/local/bin/umount", check=True)
    try:
        outcome = execute(host, action("pod", RemovePodFiles(uid=uid)))["pod"]
        assert "still mounted, so nothing of it is removed" in outcome.error
        assert machine.run(f"cat {data}/file {place}/file", check=True).stdout == "keep\nkeep\n"
    finally:
        machine.run("rm /usr/local/bin/umount", check=True)
    succeed(host, RemovePodFiles(uid=uid))
    assert machine.run(f"cat {data}/file; ls -d {PODS_DIR}/{uid}").stdout == "keep\n"


# Paths inside volumes


Starter = Callable[..., tuple[str, str]]


@pytest.fixture
def start(host: ContainerdHost, image: str) -> Starter:
    """Start a pod and return why it did not start, or its container's id."""

    def starter(mount: Mount, uid: str = "", attempt: int = 0) -> tuple[str, str]:
        sandbox = sandbox_config("web", uid=uid or new_uid(), attempt=attempt)
        container = container_config(sandbox, image, mounts=[mount])
        outcome = execute(host, action("pod", *create_steps(sandbox, container)))["pod"]
        found = [one.id for one in host.observe().containers if one.config.labels == container.labels]
        return outcome.error, found[0] if found else ""

    return starter


def sub_path(volume: str, path: str) -> Mount:
    return Mount(container_path="/data", host_path=f"{volume}/{path}", volume=volume)


def test_a_path_inside_a_volume_is_made_with_its_mode_and_mounted(
    host: ContainerdHost, machine: LabHost, start: Starter, data: str
) -> None:
    machine.run(
        f"chmod 2775 {data} && chgrp 2000 {data} && mkdir {data}/there && echo file >{data}/there/file", check=True
    )
    uid = new_uid()
    _, container = start(sub_path(data, "a/b c"), uid=uid)
    assert machine.run(f"stat -c '%a %g' '{data}/a/b c'", check=True).stdout == "2775 2000\n"
    inside(machine, container, "echo hello >/data/file")
    assert machine.run(f"cat '{data}/a/b c/file'", check=True).stdout == "hello\n"
    (live,) = [one for one in host.observe().containers if one.id == container]
    assert live.config.mounts == (sub_path(data, "a/b c"),)
    assert SUB_PATHS in live.config.annotations
    _, other = start(sub_path(data, "there/file"))
    assert inside(machine, other, "cat /data") == "file\n"
    succeed(host, RemovePodFiles(uid=uid))
    assert machine.run(f"cat '{data}/a/b c/file'", check=True).stdout == "hello\n"


def test_a_link_that_stays_inside_is_followed(machine: LabHost, start: Starter, data: str) -> None:
    machine.run(f"mkdir {data}/v1 && echo one >{data}/v1/file && ln -s v1 {data}/now", check=True)
    _, container = start(sub_path(data, "now/file"))
    assert inside(machine, container, "cat /data") == "one\n"


@pytest.mark.parametrize(
    ("planted", "path"),
    [
        ("ln -s /etc sub", "sub"),
        ("ln -s /etc/shadow sub", "sub"),
        ("ln -s ../.. sub", "sub"),
        ("ln -s .. sub", "sub/escaped"),
        ("mkdir a; ln -s ../../.. a/b", "a/b/etc"),
        ("ln -s one two; ln -s three one; ln -s /etc three", "two/passwd"),
        ("ln -s /proc/1/root sub", "sub/etc"),
        ("ln -s $PWD-other sub", "sub"),
        ("ln -s . sub; ln -s /etc/new-folder made", "sub/made"),
        ("ln -s /etc/missing sub", "sub/made/deep"),
    ],
)
def test_no_planted_link_leads_out_of_a_volume(
    machine: LabHost, start: Starter, data: str, planted: str, path: str
) -> None:
    uid = new_uid()
    volume = f"{data}/volume"
    machine.run(f"mkdir -p {volume} {volume}-other && cd {volume} && {{ {planted}; }}", check=True)
    before = machine.run("ls -la /etc", check=True).stdout
    error, container = start(sub_path(volume, path), uid=uid)
    assert "goes through a link put in its way" in error
    assert container == ""
    assert machine.run("ls -la /etc", check=True).stdout == before
    assert machine.run(f"grep -c {uid}/volume-subpaths /proc/self/mountinfo").stdout == "0\n"


def test_a_link_planted_between_two_starts_is_refused(machine: LabHost, start: Starter, data: str) -> None:
    uid = new_uid()
    error, container = start(sub_path(data, "sub"), uid=uid)
    assert error == ""
    inside(machine, container, "echo mine >/data/file")
    machine.run(f"cd {data} && mv sub sub.old && ln -s /etc sub", check=True)
    assert "goes through a link" in start(sub_path(data, "sub"), uid=uid, attempt=1)[0]
    assert inside(machine, container, "cat /data/file") == "mine\n"


def test_a_path_inside_an_empty_dir_is_checked_also_where_an_older_release_wrote_it(
    host: ContainerdHost, machine: LabHost, start: Starter
) -> None:
    uid = new_uid()
    scratch = f"{PODS_DIR}/{uid}/volumes/empty-dir/scratch"
    machine.run(f"mkdir -p {scratch} && ln -s /root {scratch}/sub", check=True)
    assert "goes through a link" in start(Mount(container_path="/data", host_path=f"{scratch}/sub"), uid=uid)[0]
    succeed(host, RemovePodFiles(uid=uid))


def test_a_race_against_the_check_is_never_won(machine: LabHost, start: Starter, data: str) -> None:
    """A process in the volume swaps a folder and a link to /etc as fast as it can while containers start."""
    machine.run(f"cd {data} && mkdir dir && touch dir/marker && ln -s /etc link", check=True)
    steps = "mv -T dir sub; mv -T sub dir; mv -T link sub; mv -T sub link"
    command = machine.entering("sh", "-c", f"cd {data} && echo there && while [ ! -e stop ]; do {steps}; done")
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd="/") as process:
        assert process.stdout is not None
        process.stdout.readline()
        for _ in range(8):
            error, container = start(sub_path(data, "sub"))
            assert error or inside(machine, container, "ls /data").split() in ([], ["marker"])
        # Killing it from here would end what entered the host, not the shell in there.
        machine.run(f"touch {data}/stop", check=True)
        process.wait(timeout=30)


def test_a_missing_path_of_a_tree_is_an_empty_folder_and_changes_nothing(
    host: ContainerdHost, machine: LabHost, start: Starter
) -> None:
    uid = new_uid()
    root = f"{PODS_DIR}/{uid}/volumes/configmap/site"
    files = (FileContent(path="deep/key", mode=0o444, content=b"one"),)
    succeed(host, WriteFiles(trees=(FileTree(root=root, files=files, digest="digest-1"),)))
    before = host.observe().files
    _, container = start(sub_path(root, "absent"), uid=uid)
    assert inside(machine, container, "ls -A /data") == ""
    assert host.observe().files == before


def test_a_path_inside_a_tree_does_not_follow_its_changes(
    host: ContainerdHost, machine: LabHost, start: Starter
) -> None:
    uid = new_uid()
    root = f"{PODS_DIR}/{uid}/volumes/configmap/site"

    def write(content: bytes) -> None:
        files = (FileContent(path="deep/key", mode=0o444, content=content),)
        digest = f"digest-{content.decode()}"
        succeed(host, WriteFiles(trees=(FileTree(root=root, files=files, digest=digest),)))

    write(b"one")
    _, container = start(sub_path(root, "deep/key"), uid=uid)
    write(b"two")
    assert inside(machine, container, "cat /data") == "one"
