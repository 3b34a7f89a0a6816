"""Where commits are made: a repository of their own that borrows all objects, and is gone afterwards."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from agent.ports import Permanent
from agent.source.command import Git

_SETTINGS: Final = ("i18n.commitEncoding=UTF-8", "gc.auto=0")


@contextmanager
def workshop(borrowed: Git) -> Iterator[Git]:
    """Return git in a bare repository that sees what another one holds, and leaves nothing behind in it."""
    with tempfile.TemporaryDirectory(prefix="trimtab-") as name:
        folder = Path(name) / "commit.git"
        Git(folder=Path(name)).run("init", "--quiet", "--bare", "--template=", "--initial-branch=main", str(folder))
        objects, shallow = _paths(borrowed)
        (folder / "objects" / "info" / "alternates").write_text(f"{objects}\n", encoding="utf-8")
        if shallow.exists():
            (folder / "shallow").write_bytes(shallow.read_bytes())
        yield Git(folder=folder, access=borrowed.access, settings=(*borrowed.settings, *_SETTINGS))


def make_commit(git: Git, parent: str, files: Mapping[str, bytes], message: str, author: str) -> str:
    """Return a new commit on top of another, with the contents of files that are there already changed.

    ``author`` is ``NAME <EMAIL>``. No hook runs, and contents are stored as they are. Raises GitFailed.
    """
    git.run("read-tree", parent)
    for path, content in sorted(files.items()):
        mode = _mode(git, parent, path)
        id_ = _given(git, content, "hash-object", "-w", "--no-filters", "--stdin")
        git.run("update-index", "--add", "--cacheinfo", mode, id_, path)
    tree = git.run("write-tree").decode().strip()
    name, _, email = author.rstrip(">").rpartition(" <")
    identity = tuple(f"{who}.{what}" for who in ("author", "committer") for what in (f"name={name}", f"email={email}"))
    named = Git(folder=git.folder, settings=(*git.settings, *identity))
    return _given(named, message.encode(), "commit-tree", tree, "-p", parent, "-F", "-")


def _mode(git: Git, commit: str, path: str) -> str:
    listed = git.run("ls-tree", "-z", "--full-tree", commit, "--", path).decode("utf-8", "replace")
    if not listed:
        raise Permanent(f"git does not know {path} by this name", hint="give the file a name in UTF-8")
    return listed.split(" ", 1)[0]


def _given(git: Git, content: bytes, *arguments: str) -> str:
    with tempfile.TemporaryFile() as given:
        given.write(content)
        given.seek(0)
        stream: IO[bytes] = given
        return git.run(*arguments, given=stream).decode().strip()


def _paths(git: Git) -> tuple[Path, Path]:
    """Return where a repository, bare or not, keeps its objects and the list of where its history ends."""
    printed = git.run("rev-parse", "--path-format=absolute", "--git-path", "objects", "--git-path", "shallow")
    objects, shallow = printed.decode("utf-8", "surrogateescape").splitlines()
    return Path(objects), Path(shallow)
