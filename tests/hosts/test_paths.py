"""Whatever a plan says, trimtab writes and removes only below its own folders."""

import io
import tarfile
from collections.abc import Iterator

import pytest

from agent.hosts.files.folders import make_folders
from agent.hosts.files.remove import remove_pod_files
from agent.hosts.files.write import archive, write_trees
from agent.hosts.link import Finished, Stream
from agent.model.files import FileContent, FileTree, Folder
from agent.model.labels import LOGS_DIR, PODS_DIR
from agent.ports import Permanent

UID = "0f8fad5b-d9cb-469f-a165-70867728950e"
ROOT = f"{PODS_DIR}/{UID}/volumes/configmap/site"


class NoHost:
    """A link that must not be used."""

    target = ""
    alive = True

    def run(self, script: str, *arguments: str, stdin: bytes = b"", timeout: float = 60.0) -> Finished:
        raise AssertionError(f"{script} {arguments} {len(stdin)} {timeout}")

    def quick(self, script: str, *arguments: str, timeout: float = 10.0) -> Finished:
        raise AssertionError(f"{script} {arguments} {timeout}")

    def stream(self, script: str, *arguments: str) -> Iterator[bytes]:
        raise AssertionError(f"{script} {arguments}")

    def dial(self, address: str, port: int, *, timeout: float) -> Stream:
        raise AssertionError(f"{address} {port} {timeout}")

    def answers(self, within: float) -> bool:
        raise AssertionError(within)

    def failure(self) -> None:
        return None

    def close(self) -> None:
        pass


def tree(root: str = ROOT, path: str = "index.html", digest: str = "3f9a01c2d4") -> FileTree:
    return FileTree(root=root, files=(FileContent(path=path, mode=0o644, content=b"x"),), digest=digest)


@pytest.mark.parametrize("uid", ["", ".", "..", "../../etc", "a/b", "short", "x" * 65, "0f8fad5b\n", "-rf-slash-"])
def test_only_what_looks_like_a_uid_is_removed(uid: str) -> None:
    with pytest.raises(Permanent, match="not a pod uid"):
        remove_pod_files(NoHost(), uid, "")


@pytest.mark.parametrize(
    "folder", ["/etc", f"{LOGS_DIR}/", f"{LOGS_DIR}/../x_{UID}", f"{LOGS_DIR}/other_pod_uid", f"{LOGS_DIR}/a/b_{UID}"]
)
def test_only_the_pods_own_logs_are_removed(folder: str) -> None:
    with pytest.raises(Permanent, match="not the log directory"):
        remove_pod_files(NoHost(), UID, folder)


@pytest.mark.parametrize(
    "root", ["/etc", f"{PODS_DIR}/{UID}", f"{PODS_DIR}/../{UID}/volumes/configmap/site", f"{ROOT}/..", f"{ROOT}/more"]
)
def test_trees_are_written_only_where_volumes_are(root: str) -> None:
    with pytest.raises(Permanent, match="not the place of a pod's volume"):
        write_trees(NoHost(), (tree(root=root),))


@pytest.mark.parametrize("path", ["", "/etc/passwd", "../up", "a/../b", "a//b", "..data", "..x/y", "nul\0"])
def test_files_stay_below_their_tree(path: str) -> None:
    with pytest.raises(Permanent):
        write_trees(NoHost(), (tree(path=path),))


@pytest.mark.parametrize("digest", ["", "..", "a/b", "$(x)xxxxxx"])
def test_digests_are_names(digest: str) -> None:
    with pytest.raises(Permanent):
        write_trees(NoHost(), (tree(digest=digest),))


@pytest.mark.parametrize("path", ["relative", "/var/../etc", "/nul\0"])
def test_folders_are_absolute(path: str) -> None:
    with pytest.raises(Permanent, match="not an absolute path"):
        make_folders(NoHost(), (Folder(path=path),))


def test_the_archive_keeps_modes_and_makes_folders_passable() -> None:
    files = (
        FileContent(path="a/b/secret", mode=0o400, content=b"hunter2"),
        FileContent(path="run", mode=0o755, content=b"#!"),
    )
    packed = archive((FileTree(root=ROOT, files=files, digest="3f9a01c2d4"),))
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        entries = {entry.name.partition("..new")[2]: entry for entry in tar}
    payload = "/..3f9a01c2d4"
    assert {name: (entry.mode, entry.isdir()) for name, entry in entries.items() if not entry.issym()} == {
        "": (0o755, True),
        payload: (0o755, True),
        f"{payload}/a": (0o755, True),
        f"{payload}/a/b": (0o755, True),
        f"{payload}/a/b/secret": (0o400, False),
        f"{payload}/run": (0o755, False),
    }
    links = {name: entry.linkname for name, entry in entries.items() if entry.issym()}
    assert links == {"/..data": payload[1:], "/a": "..data/a", "/run": "..data/run"}
