import hashlib
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from agent.model.origin import Blob, Location, Revision
from agent.ports import Blame, Permanent, PortError, Temporary
from agent.source.blame import blame_line
from agent.source.command import Git, GitFailed
from agent.source.text import printable

WORKTREE: Final = "worktree"
_FILES_AT_MOST: Final = 200_000
_HASHED_AT_MOST: Final = 16 * 1024 * 1024

_Stamp = tuple[int, int, int, int]


class FolderSource:
    """A folder as it lies there, committed or not: what ``trimtab diff PATH`` compares with what runs.

    Everything below it counts, what git ignores too, but git's own folders. File ids are git's, so what was read
    from a commit is known here by the same id.
    """

    def __init__(self, path: str | Path) -> None:
        """Read nothing yet. Raises Permanent where there is no such folder."""
        self._folder = Path(path).absolute()
        if not self._folder.is_dir():
            raise Permanent(f"{path} is not a folder", hint="name the folder that holds the manifests")
        self._ids: dict[str, tuple[_Stamp, str]] = {}

    def fetch(self) -> None:
        """Do nothing: the folder is here."""

    def resolve(self, ref: str | None = None) -> Revision:
        """Return the folder's only revision, ``worktree``. Raises Permanent for any other."""
        if ref not in (None, "", WORKTREE):
            raise Permanent(f"{self._folder} is read as it lies there, not at {ref!r}", hint="leave the revision out")
        return Revision(id=WORKTREE, subject=f"not committed: {printable(str(self._folder))}")

    def tree(self, revision: Revision) -> Sequence[Blob]:  # noqa: ARG002 - there is one revision
        """Return files and symlinks, sorted by path. Only what changed since last time is read. Raises PortError."""
        blobs: list[Blob] = []
        known: dict[str, tuple[_Stamp, str]] = {}
        for path, seen in self._files(self._folder, ""):
            stamp = (seen.st_ino, seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns)
            before = self._ids.get(path)
            id_ = before[1] if before and before[0] == stamp else self._id(path, seen)
            known[path] = (stamp, id_)
            blobs.append(Blob(path=_shown(path), id=id_, size=seen.st_size, symlink=stat.S_ISLNK(seen.st_mode)))
            if len(blobs) > _FILES_AT_MOST:
                raise Permanent(
                    f"{self._folder} holds more than {_FILES_AT_MOST} files", hint="name the folder of the manifests"
                )
        self._ids = known
        return tuple(sorted(blobs, key=lambda blob: blob.path))

    def read(self, revision: Revision, blobs: Sequence[Blob]) -> Mapping[str, bytes]:  # noqa: ARG002 - as above
        """Return contents by blob id. Raises Temporary when a file is no longer what its id says."""
        paths = {id_: path for path, (_, id_) in self._ids.items()}
        contents = {}
        for blob in blobs:
            content = self._content(paths.get(blob.id, blob.path))
            if len(content) <= _HASHED_AT_MOST and _git_id(content) != blob.id:
                raise Temporary(f"{blob.path} changed while it was read", hint="run the command again")
            contents[blob.id] = content
        return contents

    def blame(self, revision: Revision, location: Location) -> Blame | None:  # noqa: ARG002 - as above
        """Return who last committed a line; None for one that is not committed, and outside git."""
        file = self._folder / location.file
        try:
            return blame_line(Git(folder=file.parent, discover=True), None, file.name, location.line)
        except (GitFailed, PortError):
            return None  # whose line it is decorates; a folder needs no git, nor a git that trusts it

    def _files(self, folder: Path, prefix: str) -> Iterator[tuple[str, os.stat_result]]:
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.name == ".git":
                        continue
                    path = prefix + entry.name
                    seen = entry.stat(follow_symlinks=False)
                    if stat.S_ISDIR(seen.st_mode):
                        yield from self._files(folder / entry.name, f"{path}/")
                    elif stat.S_ISREG(seen.st_mode) or stat.S_ISLNK(seen.st_mode):  # git knows no other kinds
                        yield path, seen
        except FileNotFoundError:
            return  # removed while we looked
        except OSError as error:
            raise Permanent(
                f"cannot read the folder {folder}: {error.strerror}", hint="see that you may read it"
            ) from error

    def _id(self, path: str, seen: os.stat_result) -> str:
        if seen.st_size > _HASHED_AT_MOST:  # no manifest, and not worth reading to find a name for
            return f"large-{seen.st_dev}-{seen.st_ino}-{seen.st_size}-{seen.st_mtime_ns}"
        return _git_id(self._content(path))

    def _content(self, path: str) -> bytes:
        file = self._folder / path
        try:
            return os.fsencode(file.readlink()) if file.is_symlink() else file.read_bytes()
        except FileNotFoundError as error:
            raise Temporary(f"{path} went away while it was read", hint="run the command again") from error
        except OSError as error:
            raise Permanent(f"cannot read {file}: {error.strerror}", hint="see that you may read it") from error


def _git_id(content: bytes) -> str:
    header = b"blob %d\0" % len(content)
    return hashlib.sha1(header + content, usedforsecurity=False).hexdigest()


def _shown(path: str) -> str:
    """Return a name that is not UTF-8 as a commit's would be: readable, and encodable."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
