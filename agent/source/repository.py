import difflib
import posixpath
import re
import tempfile
from collections.abc import Mapping, Sequence
from typing import Final

from agent.model.origin import Blob, Location, Revision
from agent.model.value import Value
from agent.ports import Blame, Permanent, PortError, Temporary
from agent.source.blame import blame_line
from agent.source.command import Git, GitFailed
from agent.source.faults import explained
from agent.source.text import printable

_TREE_AT_MOST: Final = 64 * 1024 * 1024
_NAMES_SHOWN: Final = 5
_NAMES_READ: Final = 1000
_ONE_COMMIT: Final = re.compile(r"(?!.*\.\.)[A-Za-z0-9_@./][^\x00-\x20\x7f:\\]*")
_MISSING: Final = re.compile(r"bad revision|unknown revision|ambiguous argument|bad object|malformed object name")
_ENTRY: Final = re.compile(
    rb"(?P<mode>\d{6}) (?P<type>\w+) (?P<id>[0-9a-f]{40,64}) +(?P<size>\d+|-)\t(?P<path>.+)", re.DOTALL
)
_SYMLINK: Final = b"120000"
_SUBMODULE: Final = b"160000"


class NoSuchRef(Permanent):
    """A repository that can be read has nothing by that name."""


class Repository(Value, frozen=True, kw_only=True):
    """Reads one repository on this machine, called ``where`` in messages; a git process for each answer, none kept."""

    git: Git
    where: str

    def resolve(self, ref: str) -> Revision:
        """Return the commit that a ref names. Raises NoSuchRef, and PortError."""
        if not _ONE_COMMIT.fullmatch(ref):
            raise NoSuchRef(f"{ref!r} does not name one commit", hint="name a branch, a tag or a commit")
        wanted = ("log", "-1", "-s", "--no-show-signature", "--encoding=UTF-8", "--format=%H%x00%an%x00%ct%x00%s")
        try:
            printed = self.git.run(*wanted, "--end-of-options", f"{ref}^{{commit}}", "--")
        except GitFailed as failed:
            if _MISSING.search(failed.said):
                raise NoSuchRef(f"{self.where} has no {shown_ref(ref)}", hint=self._near(ref)) from failed
            raise self._explained(failed) from failed
        id_, author, at, subject = printed.decode("utf-8", "replace").rstrip("\n").split("\0", 3)
        return Revision(id=id_, author=printable(author), at=float(at), subject=printable(subject))

    def tree(self, revision: Revision, path: str) -> tuple[Blob, ...]:
        """Return the files of a commit below a path, sorted. Raises PortError."""
        below = () if path == "." else (f"{path}/",)
        try:
            printed = self.git.run_bounded(
                "ls-tree", "-r", "-z", "--long", "--full-tree", revision.id, "--", *below, at_most=_TREE_AT_MOST
            )
        except GitFailed as failed:
            raise self._explained(failed) from failed
        if printed is None:
            raise Permanent(
                f"{revision.short} has more files below {path} than trimtab reads",
                hint="name the folder that holds the manifests in spec.source.path",
            )
        if not printed and below:
            # Never an empty fleet: a folder that was renamed by mistake must not remove everything.
            raise Permanent(
                f"{revision.short} has no folder {path}",
                hint="correct spec.source.path, or bring the folder back (a symlink does not count as one)",
            )
        blobs = [_blob(revision, entry) for entry in printed.split(b"\0") if entry]
        return tuple(sorted(blobs, key=lambda blob: blob.path))

    def read(self, blobs: Sequence[Blob]) -> Mapping[str, bytes]:
        """Return contents by blob id, all from one process. Raises PortError."""
        ids = sorted({blob.id for blob in blobs})
        if not ids:
            return {}
        # A file and not a pipe: git would wait for its output to be read while we wait for it to take more input.
        with tempfile.TemporaryFile() as wanted:
            wanted.write("".join(f"{id_}\n" for id_ in ids).encode())
            wanted.seek(0)
            try:
                printed = self.git.run("cat-file", "--batch", "--buffer", given=wanted)
            except GitFailed as failed:
                raise self._explained(failed) from failed
        contents = {}
        position = 0
        for id_ in ids:
            end = printed.find(b"\n", position)
            header = printed[position:end].split()
            if len(header) != 3 or header[:2] != [id_.encode(), b"blob"]:
                raise Temporary(f"{self.where} lacks file content {id_[:12]}", hint="git fsck shows what is damaged")
            start, position = end + 1, end + 1 + int(header[2]) + 1
            contents[id_] = printed[start : position - 1]
        return contents

    def blame(self, revision: Revision, location: Location) -> Blame | None:
        """Return the commit that last touched a line of a revision. Raises PortError."""
        try:
            return blame_line(self.git, revision.id, location.file, location.line)
        except GitFailed as failed:
            raise self._explained(failed) from failed

    def _explained(self, failed: GitFailed) -> PortError:
        return explained(failed, "read", self.where)

    def _near(self, ref: str) -> str:
        try:
            listed = self.git.run("for-each-ref", f"--count={_NAMES_READ}", "--format=%(refname)")
        except GitFailed:
            return ""
        return near_refs(ref, listed.decode("utf-8", "replace").split())


def shown_ref(ref: str) -> str:
    """Return a ref as people say it: ``branch main``, ``tag v1``, ``revision 3f9a01c``."""
    kinds = {"refs/heads/": "branch ", "refs/tags/": "tag "}
    kind = next((prefix for prefix in kinds if ref.startswith(prefix)), "")
    return kinds.get(kind, "revision ") + ref.removeprefix(kind)


def near_refs(ref: str, full_names: Sequence[str]) -> str:
    """Return a hint that names refs like the one that is not there."""
    wanted = shown_ref(ref).split(" ", 1)[1]
    names = [shown_ref(name).split(" ", 1)[1] for name in full_names if name.startswith(("refs/heads/", "refs/tags/"))]
    if not names:
        return "the repository has no branch yet: commit something here, or push a first commit to it"
    close = difflib.get_close_matches(wanted, names, n=_NAMES_SHOWN, cutoff=0.5) or names[:_NAMES_SHOWN]
    return f"it has {', '.join(printable(name) for name in close)}"


def below_repository(path: str) -> str:
    """Return a source's path in git's words, ``.`` for all. Raises Permanent for one that leaves the repository."""
    normal = posixpath.normpath(path or ".")
    if normal.startswith(("/", "../")) or normal == ".." or not normal.isprintable():
        raise Permanent(
            f"spec.source.path {path!r} leaves the repository",
            hint="write it relative to the repository's top, such as apps or . for all of it",
        )
    return normal


def _blob(revision: Revision, entry: bytes) -> Blob:
    match = _ENTRY.fullmatch(entry)
    if match is None:
        raise Temporary(f"git lists a file of {revision.short} in a form that trimtab does not know")
    # Names are bytes to git. What is not UTF-8 stays readable and listed.
    path = match["path"].decode("utf-8", "backslashreplace")
    if match["mode"] == _SUBMODULE:
        raise Permanent(
            f"{path} in {revision.short} is a submodule, which trimtab does not read",
            hint="commit its manifests themselves, or name a folder without submodules in spec.source.path",
        )
    return Blob(path=path, id=match["id"].decode(), size=int(match["size"]), symlink=match["mode"] == _SYMLINK)
