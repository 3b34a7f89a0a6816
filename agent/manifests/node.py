"""A YAML value with the places where it, its keys and its parts were written."""

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

Step = str | int
"""One step into a value: a mapping's key or a list's index."""

_ENTRY: Final = re.compile(r"\[([^\[\]]*)\]\.?")
_NAMING: Final = ("name", "key", "mountPath", "containerPort")
"""Fields by which an entry of a list may be named in a path, as ``containers[web]``."""


class Mark(NamedTuple):
    """A place in a file: 1-based line and column."""

    line: int
    column: int


class Node:
    """A value as plain data, its place, and the same of its parts. A mapping also knows where its keys are."""

    __slots__ = ("children", "data", "keys", "mark", "weight", "written")

    def __init__(self, data: Any, mark: Mark, *, weight: int = 1, written: str | None = None) -> None:  # noqa: ANN401 - plain data of any shape
        self.data = data
        self.mark = mark
        self.weight = weight
        self.written = written
        """An unquoted text that means something else than itself, such as ``yes``."""
        self.children: dict[str, Node] | list[Node] | None = None
        self.keys: dict[str, Mark] = {}

    def child(self, step: Step) -> "Node | None":
        """Return one part, or None where there is no such part."""
        match self.children:
            case dict() if isinstance(step, str):
                return self.children.get(step)
            case list() if isinstance(step, int) and 0 <= step < len(self.children):
                return self.children[step]
        return None

    def descend(self, steps: Sequence[Step]) -> "Node":
        """Return the part at a path, or its nearest existing parent."""
        node = self
        for step in steps:
            part = node.child(step)
            if part is None:
                break
            node = part
        return node

    def key_mark(self, steps: Sequence[Step]) -> Mark:
        """Return where the last step's key (or list entry) is written, falling back to the nearest existing parent."""
        mark, node = self.mark, self
        for step in steps:
            part = node.child(step)
            if part is None:
                break
            mark, node = node.keys.get(step, part.mark) if isinstance(step, str) else part.mark, part
        return mark

    def value_mark(self, steps: Sequence[Step]) -> Mark:
        """Return where the value at a path begins, falling back to the nearest existing parent's key."""
        node = self
        for index, step in enumerate(steps):
            part = node.child(step)
            if part is None:
                return self.key_mark(steps[:index])
            node = part
        return self.key_mark(steps) if node.data is None else node.mark


def show_path(steps: Sequence[Step]) -> str:
    """Write a path as people do: ``spec.containers[0].image``."""
    shown = ""
    for step in steps:
        shown += f"[{step}]" if isinstance(step, int) else f".{step}" if shown else step
    return shown


def find_steps(root: Node, path: str) -> tuple[Step, ...]:
    """Return the steps that a written path takes, as far as they exist.

    List entries are named or numbered (``containers[web]``, ``containers[0]``); keys may hold dots (``data.app.conf``),
    so at each mapping the longest key that fits is taken.
    """
    return tuple(_walk(root, path))


def _walk(node: Node | None, rest: str) -> Iterator[Step]:
    while node is not None and rest:
        step: Step | None = None
        if isinstance(node.children, dict):
            step = max((key for key in node.children if _starts(rest, key)), key=len, default=None)
            rest = rest[len(step) :].removeprefix(".") if step is not None else ""
        elif isinstance(node.children, list) and (entry := _ENTRY.match(rest)):
            step, rest = _entry(node.children, entry[1]), rest[entry.end() :]
        if step is None:
            return
        yield step
        node = node.child(step)


def _starts(rest: str, key: str) -> bool:
    return rest.startswith(key) and (len(rest) == len(key) or rest[len(key)] in ".[")


def _entry(entries: list[Node], written: str) -> int | None:
    for field in _NAMING:
        for index, entry in enumerate(entries):
            if isinstance(entry.data, dict) and str(entry.data.get(field)) == written:
                return index
    return int(written) if written.isascii() and written.isdigit() and len(written) < 9 else None
