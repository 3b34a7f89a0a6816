"""Where a value was written: revision, file, document, line."""

from agent.model.value import Value


class Location(Value, frozen=True, kw_only=True, order=True):
    """A place in a manifest: file relative to the repository, 1-based line and column."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class Origin(Value, frozen=True, kw_only=True, order=True):
    """Where an object was written: its file, its number in that file (from 0), its first line.

    Items of a ``kind: List`` count one by one, as if each were a document of its own.
    """

    file: str
    document: int = 0
    line: int = 1
    column: int = 1

    @property
    def location(self) -> Location:
        """The object's first line."""
        return Location(file=self.file, line=self.line, column=self.column)


class Revision(Value, frozen=True, kw_only=True):
    """One commit of the source, or a working folder that is not committed (``id`` is then ``worktree``)."""

    id: str
    author: str = ""
    at: float = 0.0
    """Commit time, seconds since the epoch."""
    subject: str = ""

    @property
    def short(self) -> str:
        """The first twelve characters, as people quote a commit."""
        return self.id[:12]


class Blob(Value, frozen=True, kw_only=True):
    """One file of a revision: ``id`` names its content, equal ids mean equal content."""

    path: str
    id: str
    size: int
    symlink: bool = False
