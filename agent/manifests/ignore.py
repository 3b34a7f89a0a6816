"""``.trimtabignore``: which files of a source are no manifests, in git's own ignore syntax."""

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from agent.manifests.limits import MAX_IGNORE_BYTES
from agent.model.origin import Location
from agent.model.problem import Problem

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

IGNORE_FILE: Final = ".trimtabignore"
_MAX_PATTERNS: Final = 1000
_WILDCARD: Final = re.compile(r"\*+")
_NESTED_SET: Final = re.compile(r"\[[^\]]*(\[|--|&&|~~|\|\|)")
"""``[[:alpha:]]`` and set operations: pathspec reads these otherwise than git."""
_MAX_WILDCARDS: Final = 4
"""In one pattern: each multiplies the time that matching a long name can take."""


class Ignore:
    """The ignore files of a revision. One in a folder speaks for that folder, and wins over those above it."""

    def __init__(self, contents: Mapping[str, bytes]) -> None:
        self.problems: list[Problem] = []
        self._specs: dict[str, GitIgnoreSpec] = {}
        for path, content in sorted(contents.items()):
            spec = self._parse(path, content)
            if spec is not None:
                self._specs[path.removesuffix(IGNORE_FILE)] = spec

    def ignores(self, path: str) -> bool:
        """Tell whether a file is to be left alone."""
        if not self._specs:
            return False
        folders = [path[: index + 1] for index, character in enumerate(path) if character == "/"]
        for folder in reversed(["", *folders]):
            spec = self._specs.get(folder)
            verdict = spec.check_file(path.removeprefix(folder)).include if spec else None
            if verdict is not None:
                return verdict
        return False

    def _parse(self, path: str, content: bytes) -> "GitIgnoreSpec | None":
        if len(content) > MAX_IGNORE_BYTES:
            self._refuse(path, 1, f"the file has {len(content)} bytes, the limit is {MAX_IGNORE_BYTES}")
            return None
        try:
            lines = content.decode("utf-8-sig").splitlines()
        except UnicodeDecodeError:
            self._refuse(path, 1, "the file is not UTF-8")
            return None
        if len(lines) > _MAX_PATTERNS:
            self._refuse(path, _MAX_PATTERNS + 1, f"the file has more than {_MAX_PATTERNS} lines")
            return None
        for number, line in enumerate(lines, 1):
            fault = None if line.startswith("#") else _fault(line)
            if fault is not None:
                self._refuse(path, number, fault)
                return None
        return _spec(lines)

    def _refuse(self, path: str, line: int, message: str) -> None:
        self.problems.append(Problem(location=Location(file=path, line=line), rule="bad-ignore-file", message=message))


def _spec(lines: Sequence[str]) -> "GitIgnoreSpec":
    from pathspec import GitIgnoreSpec  # noqa: PLC0415 - most sources have no such file, and start faster without it

    return GitIgnoreSpec.from_lines(lines)


def _fault(line: str) -> str | None:
    """Return what is wrong with a pattern, if anything."""
    if len(_WILDCARD.findall(line)) > _MAX_WILDCARDS:
        return f"the pattern has more than {_MAX_WILDCARDS} wildcards"
    if _NESTED_SET.search(line):
        return "sets within sets are not supported, write characters out as in `[a-z]`"
    try:
        _spec([line])
    except (ValueError, re.error):
        return "this is not a pattern of git's ignore syntax"
    return None
