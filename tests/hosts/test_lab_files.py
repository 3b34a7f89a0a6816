"""Files on real hosts: swapped as a whole, repaired, removed without following what was planted."""

from collections.abc import Callable

import pytest

from agent.hosts.host import ContainerdHost
from agent.model.action import MakeFolders, RemovePodFiles, WriteFiles
from agent.model.cri import Mount
from agent.model.files import FileContent, FileSeen, FileTree, Folder
from agent.model.labels import LOGS_DIR, PODS_DIR, SECRETS_DIR
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
Opener = Callable[..., ContainerdHost]
# SHA-256 of "one\n" and "two\n".
ONE = "2c8b08da5ce60398e1f19af0e5dccc744df274b826abe585eaba68c525434806"
TWO = "27dd8ed44a83ff94d557f9fd0412ed5a8cbca69ea04922d88c01184a07300a5a"


@pytest.fixture
def machine(lab: Lab) -> LabHost:
    return lab.host("h1")


def config_tree(uid: str, digest: str, *files: FileContent) -> FileTree:
    return FileTree(root=f"{PODS_DIR}/{uid}/volumes/configmap/site", files=files, digest=digest)


def file(path: str, content: bytes, mode: int = 0o644) -> FileContent:
    return FileContent(path=path, mode=mode, content=content)


def below(host: ContainerdHost, root: str) -> dict[str, FileSeen]:
    return {path.removeprefix(f"{root}/"): seen for path, seen in host.observe().files.items() if path.startswith(root)}


def test_a_tree_is_laid_out_as_a_kubelet_does_and_replaced_as_a_whole(host: ContainerdHost) -> None:
    uid = new_uid()
    first = config_tree(uid, "digest-1", file("index.html", b"one\n"), file("deep/er/run", b"two\n", 0o755))
    succeed(host, WriteFiles(trees=(first,)))
    assert below(host, first.root) == {
        "..data": FileSeen(link="..digest-1"),
        "..digest-1/index.html": FileSeen(sha256=ONE, mode=0o644),
        "..digest-1/deep/er/run": FileSeen(sha256=TWO, mode=0o755),
        "index.html": FileSeen(link="..data/index.html"),
        "deep": FileSeen(link="..data/deep"),
    }
    second = config_tree(uid, "digest-2", file("index.html", b"two\n", 0o600), file(".hidden", b"one\n"))
    succeed(host, WriteFiles(trees=(second,)))
    expected = {
        "..data": FileSeen(link="..digest-2"),
        "..digest-2/index.html": FileSeen(sha256=TWO, mode=0o600),
        "..digest-2/.hidden": FileSeen(sha256=ONE, mode=0o644),
        "index.html": FileSeen(link="..data/index.html"),
        ".hidden": FileSeen(link="..data/.hidden"),
    }
    assert below(host, first.root) == expected
    succeed(host, WriteFiles(trees=(second,)))
    assert below(host, first.root) == expected


def test_whatever_was_done_to_a_tree_by_hand_is_undone(host: ContainerdHost, machine: LabHost) -> None:
    tree = config_tree(new_uid(), "digest-1", file("index.html", b"one\n"), file("odd name", b"two\n"))
    succeed(host, WriteFiles(trees=(tree,)))
    expected = below(host, tree.root)
    machine.run(
        f"cd {tree.root} && echo evil >..data/index.html && chmod 777 '..data/odd name' && echo x >..data/added && "
        "rm index.html && mkdir index.html && echo y >index.html/y && echo z >more && ln -s /etc linked && "
        "mkdir ..older && echo w >..older/w && ln -sfn /etc ..data",
        check=True,
    )
    assert below(host, tree.root) != expected
    succeed(host, WriteFiles(trees=(tree,)))
    assert below(host, tree.root) == expected
    assert machine.run("ls /etc/passwd", check=True).returncode == 0


def test_a_running_container_sees_the_new_files(host: ContainerdHost, machine: LabHost, lab: Lab) -> None:
    sandbox = sandbox_config("web")
    tree = config_tree(sandbox.uid, "digest-1", file("index.html", b"one\n"))
    image = f"{lab.registry}/app:1.0"
    host.refresh_images([image])
    mount = Mount(container_path="/site", host_path=tree.root, readonly=True)
    container = container_config(sandbox, image, mounts=[mount])
    succeed(host, WriteFiles(trees=(tree,)), *create_steps(sandbox, container))
    (live,) = host.observe().containers

    def inside() -> str:
        command = f"ctr -n k8s.io tasks exec --exec-id {new_uid()} {live.id} cat /site/index.html"
        return machine.run(command, check=True).stdout

    assert inside() == "one\n"
    succeed(host, WriteFiles(trees=(config_tree(sandbox.uid, "digest-2", file("index.html", b"two\n")),)))
    assert inside() == "two\n"


def test_secrets_stay_in_memory_and_out_of_sight(host: ContainerdHost, machine: LabHost) -> None:
    root = f"{SECRETS_DIR}/{new_uid()}/volumes/secret/token"
    tree = FileTree(root=root, files=(file("token", b"hunter2", 0o400),), digest="digest-1", sensitive=True)
    succeed(host, WriteFiles(trees=(tree,)))
    assert machine.run(f"stat -f -c %T {root}; cat {root}/token", check=True).stdout == "tmpfs\nhunter2"
    assert machine.run(f"stat -c %a {SECRETS_DIR}", check=True).stdout.strip() == "700"
    assert "hunter2" not in repr(host.observe())


def test_several_trees_travel_together(host: ContainerdHost) -> None:
    uid = new_uid()
    config = config_tree(uid, "digest-1", file("a", b"one\n"))
    secret = FileTree(
        root=f"{SECRETS_DIR}/{uid}/volumes/secret/s", files=(file("b", b"two\n"),), digest="digest-2", sensitive=True
    )
    empty = FileTree(root=f"{PODS_DIR}/{uid}/volumes/configmap/none", files=(), digest="digest-3")
    succeed(host, WriteFiles(trees=(config, secret, empty)))
    assert set(below(host, config.root)) == {"..data", "..digest-1/a", "a"}
    assert set(below(host, secret.root)) == {"..data", "..digest-2/b", "b"}
    assert set(below(host, empty.root)) == {"..data"}


def test_folders_are_made_once_and_left_alone(host: ContainerdHost, machine: LabHost) -> None:
    uid = new_uid()
    plain, memory, logs = (
        f"{PODS_DIR}/{uid}/volumes/empty-dir/scratch",
        f"{SECRETS_DIR}/{uid}/volumes/empty-dir/cache",
        f"{LOGS_DIR}/default_x_{uid}",
    )
    step = MakeFolders(
        folders=(Folder(path=plain, mode=0o777), Folder(path=memory, mode=0o777, medium="Memory"), Folder(path=logs))
    )
    succeed(host, step)
    modes = machine.run(f"stat -c %a {plain} {memory} {logs} {PODS_DIR} {SECRETS_DIR}", check=True).stdout.split()
    assert modes == ["777", "777", "755", "700", "700"]
    assert machine.run(f"mountpoint -q {memory}").returncode == 0
    machine.run(f"echo kept >{plain}/file && echo kept >{memory}/file && chmod 700 {plain}", check=True)
    succeed(host, step)
    assert machine.run(f"cat {plain}/file {memory}/file; stat -c %a {plain}", check=True).stdout == "kept\nkept\n700\n"
    succeed(host, RemovePodFiles(uid=uid, log_directory=logs))
    left = machine.run(f"ls -d {PODS_DIR}/{uid} {SECRETS_DIR}/{uid} {logs}; grep {uid} /proc/mounts").stdout
    assert left == ""


def test_a_folder_that_must_exist_is_never_made(host: ContainerdHost, machine: LabHost) -> None:
    uid = new_uid()
    wanted, made = f"/srv/{uid}", f"{PODS_DIR}/{uid}"
    step = MakeFolders(folders=(Folder(path=wanted, must_exist=True), Folder(path=made)))
    outcome = execute(host, action("pod", step))["pod"]
    assert (outcome.error, outcome.kind) == (f"{wanted} does not exist on the host", "files")
    assert machine.run(f"ls -d {wanted} {made}").stdout == ""
    machine.run(f"mkdir -p /srv && touch {wanted}", check=True)
    assert "is not a directory on the host" in execute(host, action("pod", step))["pod"].error
    machine.run(f"rm {wanted} && mkdir {wanted}", check=True)
    succeed(host, step)
    succeed(host, RemovePodFiles(uid=uid))
    assert machine.run(f"rmdir {wanted}").returncode == 0


def test_removing_a_pods_files_follows_nothing_that_was_planted(host: ContainerdHost, machine: LabHost) -> None:
    uid = new_uid()
    scratch = f"{PODS_DIR}/{uid}/volumes/empty-dir/scratch"
    succeed(host, MakeFolders(folders=(Folder(path=scratch, mode=0o777),)))
    machine.run(
        "mkdir -p /root/precious /root/mounted && echo keep >/root/precious/file && echo keep >/root/mounted/file && "
        f"ln -s /root/precious {scratch}/link && ln -s / {scratch}/root && mkdir '{scratch}/a b' && "
        f"mount --bind /root/mounted '{scratch}/a b'",
        check=True,
    )
    succeed(host, RemovePodFiles(uid=uid))
    assert machine.run(f"ls -d {PODS_DIR}/{uid}").stdout == ""
    assert machine.run("cat /root/precious/file /root/mounted/file", check=True).stdout == "keep\nkeep\n"
