import hashlib
from collections.abc import Mapping, Sequence

from agent.model.origin import Blob, Location, Revision
from agent.ports import Blame, Permanent, Unreachable

Files = Mapping[str, str]
"""Paths to texts: what a commit holds."""


class SimulatedSource:
    """A repository in memory, with a remote that can be cut off; the simulated side of ``ports.Source``.

    ``push`` moves the remote's branch; ``fetch`` brings it here. A force-push with ``collect`` makes the commits
    before it unreadable, as git's garbage collection does.
    """

    def __init__(self, now: float) -> None:
        self._commits: dict[str, tuple[Revision, Files]] = {}
        self._remote = ""
        self._here = ""
        self._at = now
        self.reachable = True

    @property
    def head(self) -> str:
        """The id of the newest commit of the remote's branch."""
        return self._remote

    def push(self, files: Files, subject: str, *, collect: bool = False) -> Revision:
        """Put a new commit on top of the remote's branch."""
        self._at += 1
        written = "\0".join([subject, str(len(self._commits)), *(f"{path}\0{files[path]}" for path in sorted(files))])
        name = hashlib.sha1(written.encode(), usedforsecurity=False).hexdigest()
        if collect:
            self._commits = {name: one for name, one in self._commits.items() if name == self._here}
        self._commits[name] = (Revision(id=name, author="simulator", at=self._at, subject=subject), dict(files))
        self._remote = name
        return self._commits[name][0]

    def forget(self, revision: str) -> None:
        """Make one commit unreadable."""
        self._commits.pop(revision, None)

    def has(self, revision: str) -> bool:
        """Tell whether a commit can still be read."""
        return revision in self._commits

    def fetch(self) -> None:
        """Bring the remote's branch here."""
        if not self.reachable:
            raise Unreachable("the remote repository does not answer")
        self._here = self._remote

    def resolve(self, ref: str | None = None) -> Revision:
        """Return the revision that a commit id, or the branch as it was fetched last, names."""
        name = ref or self._here
        if name not in self._commits:
            raise Permanent(f"no such revision: {name or 'the branch'}")
        return self._commits[name][0]

    def tree(self, revision: Revision) -> Sequence[Blob]:
        """Return the files of a revision."""
        files = self._files(revision)
        return [Blob(path=path, id=_blob(files[path]), size=len(files[path].encode())) for path in sorted(files)]

    def read(self, revision: Revision, blobs: Sequence[Blob]) -> Mapping[str, bytes]:
        """Return contents by blob id."""
        wanted = {blob.id for blob in blobs}
        contents = {_blob(text): text.encode() for text in self._files(revision).values()}
        return {name: content for name, content in contents.items() if name in wanted}

    def blame(self, _revision: Revision, _location: Location) -> Blame | None:
        """Return nothing: history is not simulated."""
        return None

    def _files(self, revision: Revision) -> Files:
        if revision.id not in self._commits:
            raise Permanent(f"revision {revision.short} is gone from the repository")
        return self._commits[revision.id][1]


def _blob(text: str) -> str:
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
