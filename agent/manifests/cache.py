"""What is kept from one load to the next, so that only changed files are read, parsed and checked again."""

from agent.manifests.parsed import ParsedFile

FileId = tuple[str, str]
"""A file's path and its blob id: problems hold the path."""


class Cache:
    """Parsed files by path and blob id. Holds those of the last two loads, so that a revert costs nothing either."""

    def __init__(self) -> None:
        self._last: dict[FileId, ParsedFile] = {}
        self._before: dict[FileId, ParsedFile] = {}

    def get(self, path: str, blob: str) -> ParsedFile | None:
        """Return a file that an earlier load has parsed."""
        file = (path, blob)
        return self._last.get(file) or self._before.get(file)

    def keep(self, files: dict[FileId, ParsedFile]) -> None:
        """Remember what this load used, and forget what neither it nor the one before did."""
        self._last, self._before = files, self._last
