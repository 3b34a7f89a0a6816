"""A change of a manifest file as a unified diff, without a line of any Secret."""

from difflib import unified_diff
from typing import Final

from agent.cli.render.escape import printable
from agent.manifests.editing import lines_to_show
from agent.model.value import MASK

_NO_NEWLINE: Final = "\\ No newline at end of file"
_BEHIND: Final = "\0"


def patch_lines(path: str, document: int, before: bytes, after: bytes) -> list[str]:
    """Return the patch that ``git apply`` takes; lines near a Secret, which it would not take, are masked."""
    old, new = _lines(before, document), _lines(after, document)
    lines: list[str] = []
    for line in unified_diff(old, new, f"a/{path}", f"b/{path}", n=3):
        lines.append(_shown(line.removesuffix("\n").partition(_BEHIND)[0]))
        if not line.endswith("\n"):
            lines.append(_NO_NEWLINE)
    return lines


def _lines(content: bytes, document: int) -> list[str]:
    """Return the lines of a file, those that may hold a Secret's content behind a mask: compared, and not shown."""
    lines = content.decode().split("\n")
    shown = lines_to_show(content, document)
    masked = [line if number in shown else f"{MASK}{_BEHIND}{line}" for number, line in enumerate(lines, 1)]
    last = masked.pop()
    return [f"{line}\n" for line in masked] + ([last] if lines[-1] else [])


def _shown(line: str) -> str:
    """Return a line that a terminal cannot be steered by; tabs and the end of a Windows line stay for git."""
    bare = line.removesuffix("\r")
    return "\t".join(map(printable, bare.split("\t"))) + ("\r" if bare != line else "")
