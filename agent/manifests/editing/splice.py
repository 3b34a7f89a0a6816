"""Changes of a text at places in it, and the lines around these places."""

from collections.abc import Iterable
from typing import NamedTuple


class Splice(NamedTuple):
    """``text`` instead of ``[start, end)``; an insertion where both are the same."""

    start: int
    end: int
    text: str


def spliced(text: str, splices: Iterable[Splice]) -> str:
    """Return a text with changes made. Insertions at one place follow each other in the order given."""
    parts: list[str] = []
    at = 0
    for splice in sorted(splices, key=lambda splice: (splice.start, splice.end)):
        parts += [text[at : splice.start], splice.text]
        at = splice.end
    return "".join([*parts, text[at:]])


def column(text: str, at: int) -> int:
    """Return how many characters stand before a place on its line."""
    return at - line_start(text, at)


def line_start(text: str, at: int) -> int:
    """Return where a place's line begins."""
    return text.rfind("\n", 0, at) + 1


def line_end(text: str, at: int) -> int:
    """Return where a place's line ends, before its line break."""
    end = text.find("\n", at)
    if end < 0:
        return len(text)
    return end - 1 if end > at and text[end - 1] == "\r" else end


def before_line(text: str, at: int) -> int:
    """Return the end of the line above a place's own: from there on, the line is all gone. 0 on the first line."""
    start = line_start(text, at)
    return line_end(text, line_start(text, start - 1)) if start else 0


def leads_its_line(text: str, at: int) -> bool:
    """Tell whether only blanks stand before a place on its line."""
    return not text[line_start(text, at) : at].strip()


def above_comments(text: str, at: int) -> int:
    """Return the end of the line above a place's line and the comments that stand right above it."""
    end = before_line(text, at)
    while end and text[line_start(text, end) : end].lstrip().startswith("#"):
        end = before_line(text, end)
    return end
