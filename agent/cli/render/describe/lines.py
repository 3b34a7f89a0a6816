"""Lines of a description: labels and their values in columns, blocks below each other."""

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from agent.cli.render.escape import printable, shortened
from agent.model.duration import format_duration

NONE: Final = "<none>"
_LONGEST: Final = 1000
_WIDTH: Final = 18

Pair = tuple[str, "str | Sequence[str]"]


def block(pairs: Iterable[Pair], *, indent: int = 0) -> list[str]:
    """Return labelled values, aligned with those of other blocks; one of several lines goes on below itself."""
    listed = list(pairs)
    width = max(_WIDTH, *(len(label) + 3 for label, _ in listed)) if listed else _WIDTH
    lines: list[str] = []
    for label, value in listed:
        values = [value] if isinstance(value, str) else list(value) or [NONE]
        head = f"{printable(label)}:"
        lines.append(f"{' ' * indent}{head:{width}}{shown(values[0])}".rstrip())
        lines += [f"{' ' * (indent + width)}{shown(more)}" for more in values[1:]]
    return lines


def shown(text: str) -> str:
    """Return a value on one line, bounded, that steers no terminal."""
    return shortened(text, _LONGEST)


def headed(title: str, lines: Sequence[str]) -> list[str]:
    """Return lines below their title, or the title and that there is nothing."""
    return [f"{title}:", *lines] if lines else [f"{title + ':':{_WIDTH}}{NONE}"]


def mapped(values: Mapping[str, object], *, between: str = "=") -> list[str]:
    """Return one line for each entry, sorted."""
    return [f"{key}{between}{value}" for key, value in sorted(values.items())]


def moment(at: float, now: float) -> str:
    """Return when something was, and how long ago."""
    if not at:
        return ""
    return (
        f"{time.strftime('%a, %d %b %Y %H:%M:%S +0000', time.gmtime(at))} ({format_duration(max(0.0, now - at))} ago)"
    )
