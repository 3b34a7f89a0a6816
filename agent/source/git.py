import contextlib
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from agent.model.objects.agent import Ref, SourceSpec
from agent.model.origin import Blob, Location, Revision
from agent.ports import Blame, Permanent, PortError, Temporary, Unreachable
from agent.source.address import parse_address
from agent.source.command import Git, GitFailed
from agent.source.history import Commit, commits
from agent.source.mirror import Mirror
from agent.source.repository import NoSuchRef, Repository, below_repository, shown_ref

_ASKED: Final = "refs/trimtab/asked"
_PINNED: Final = "refs/trimtab/pinned"
_COMMIT: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_UNSAFE_NAME: Final = re.compile(r"\.\.|[\x00-\x20\x7f~^:?*\[\\]|^[-/]|@\{|/$|\.lock$")
_STEPS: Final = re.compile(r"(?P<base>[^~^@]+)(?P<steps>.*)", re.DOTALL)


class GitSource:
    """A git repository at a ref: the real side of ``ports.Source``.

    A repository on this machine is read where it is, work tree or bare, by its commits alone. A remote one is read
    from a shallow mirror below ``cache_dir``, which ``fetch`` brings up to date; what was fetched can be read without
    the remote. Safe to use from several threads.
    """

    def __init__(self, spec: SourceSpec, cache_dir: str | Path) -> None:
        """Check the settings; reads nothing yet. Raises Permanent for a URL, path or ref that is not safe."""
        self._address = parse_address(spec.url)
        self._path = below_repository(spec.path)
        self._ref = _full_name(spec.ref)
        self._depth = spec.depth
        self._mirror = None if self.local_path else Mirror(spec, self._address, Path(cache_dir))
        folder = self.local_path or (self._mirror.folder if self._mirror else Path())
        self._repository = Repository(git=Git(folder=folder), where=self._address.url)
        self._tree: tuple[str, tuple[Blob, ...]] = ("", ())

    @property
    def local_path(self) -> Path | None:
        """The folder to watch of a repository on this machine; None for a remote one, which is to be fetched."""
        return self._address.path

    @property
    def git(self) -> Git:
        """Git where the commits are: in the repository on this machine, or in the mirror of a remote one."""
        return self._repository.git

    def fetch(self) -> None:
        """Bring the newest state of the remote here; no-op for local paths. Raises PortError."""
        if self._mirror is None:
            return
        if not _COMMIT.fullmatch(self._ref):
            self._mirror.fetch(self._ref, self._ref)
        elif not self._has(self._ref):
            self._mirror.fetch(self._ref, _PINNED)

    def resolve(self, ref: str | None = None) -> Revision:
        """Return the revision that ``ref`` (or the configured one) names: a branch, tag, commit, or ``HEAD~1``.

        HEAD of a remote is the configured ref. A remote's ref that was not fetched before is asked for now.
        """
        wanted = ref or self._ref
        if self._mirror is None:
            return self._repository.resolve(wanted)
        wanted = re.sub(r"^(HEAD|@)(?=$|[~^])", lambda _: self._ref, wanted)
        if self._mirror.folder.exists():
            with contextlib.suppress(NoSuchRef), self._noting_damage():
                return self._repository.resolve(wanted)
        if wanted == self._ref:
            self.fetch()
            return self._repository.resolve(wanted)
        return self._ask(self._mirror, wanted)

    def tree(self, revision: Revision) -> Sequence[Blob]:
        """Return the files of a revision below the configured path, sorted by path. Raises PortError.

        A submodule there is refused: it can neither be read nor be passed over silently.
        """
        known, blobs = self._tree
        if known != revision.id:
            with self._noting_damage():
                blobs = self._repository.tree(revision, self._path)
            self._tree = (revision.id, blobs)
        return blobs

    def read(self, revision: Revision, blobs: Sequence[Blob]) -> Mapping[str, bytes]:  # noqa: ARG002 - ids name content
        """Return contents by blob id. Raises PortError. Keeps none: callers know by its id what they have read."""
        with self._noting_damage():
            return self._repository.read(blobs)

    def blame(self, revision: Revision, location: Location) -> Blame | None:
        """Return who last touched a line; None for uncommitted lines or where history does not reach."""
        return self._repository.blame(revision, location)

    def history(self, revision: Revision) -> Sequence[Commit]:
        """Return the commits that changed files below the configured path, newest first. Raises PortError.

        Of a remote one only as many as ``spec.source.depth`` tells to keep.
        """
        return commits(self.git, revision, self._path)

    def includes(self, commit: str, older: str) -> bool:
        """Tell whether a commit is another one, or built upon it; False where that is not known here."""
        if not _COMMIT.fullmatch(commit):
            return False
        try:
            return commit == older or not self.git.run("rev-list", "--max-count=1", older, f"^{commit}", "--")
        except GitFailed:
            return False

    @contextlib.contextmanager
    def _noting_damage(self) -> Iterator[None]:
        """Have a mirror that lacks what it should hold made anew by the next fetch."""
        try:
            yield
        except Temporary as error:
            if self._mirror and not isinstance(error, Unreachable):  # a git that was only slow says nothing of it
                self._mirror.damaged = True
            raise

    def _has(self, commit: str) -> bool:
        if self._mirror is None or self._mirror.damaged or not self._mirror.folder.exists():
            return False
        try:
            self._repository.resolve(commit)
        except PortError:
            return False  # also where the mirror is damaged: fetching finds that out
        return True

    def _ask(self, mirror: Mirror, wanted: str) -> Revision:
        parts = _STEPS.fullmatch(wanted)
        if parts is None or _UNSAFE_NAME.search(parts["base"]):
            raise NoSuchRef(f"{wanted!r} does not name one commit", hint="name a branch, a tag or a commit")
        mirror.fetch(parts["base"], _ASKED)
        try:
            return self._repository.resolve(_ASKED + parts["steps"])
        except NoSuchRef:
            raise NoSuchRef(
                f"{self._address.url} has no {shown_ref(wanted)} in the last {self._depth} commits",
                hint="raise spec.source.depth to see further back",
            ) from None


def _full_name(ref: Ref) -> str:
    """Return what a source follows in git's words, which no other ref can be mistaken for."""
    name = ref.commit or ref.tag or ref.branch
    if not name or _UNSAFE_NAME.search(name):
        raise Permanent(
            f"spec.source.ref {name!r} is not a name that git takes", hint="name a branch, a tag or a commit"
        )
    if ref.commit:
        return ref.commit.lower()
    return f"refs/tags/{ref.tag}" if ref.tag else f"refs/heads/{ref.branch}"
