"""Values from git and from hosts, made safe to show: no control sequence of theirs reaches a terminal."""

import re
from typing import Final

_UNSAFE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # C0 and C1 controls: escape sequences, newlines, backspaces
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f"  # text direction: shows something else than it says
    "\xad\u180e\u200b-\u200d\u2060-\u2065\ufeff\ufff0-\ufffb\U000e0000-\U000e0fff"  # invisible: says what nobody sees
    "\u2028\u2029\ud800-\udfff]"  # line breaks, and what UTF-8 cannot encode
)
_NAMED: Final = {"\n": r"\n", "\t": r"\t", "\r": r"\r"}
_COLOUR: Final = re.compile(r"(\x1b\[[0-9;]{0,32}m)")
LONGEST: Final = 240
"""A value longer than this is cut; the rest of it never helped anybody to read a difference."""


def printable(text: str) -> str:
    r"""Return one line without control or invisible characters; each becomes its escape (``\n``, ``\x1b``)."""
    return _UNSAFE.sub(lambda match: _NAMED.get(match[0]) or _escape(match[0]), text)


def log_text(text: str) -> str:
    """Return a container's line for a terminal: its colours and tabs stay, whatever else would steer is escaped."""
    parts = _COLOUR.split(text)
    return "".join(
        part if index % 2 else "\t".join(map(printable, part.split("\t"))) for index, part in enumerate(parts)
    )


def shortened(text: str, longest: int = LONGEST) -> str:
    """Return ``printable`` text of bounded length, saying how much was cut."""
    if len(text) <= longest:
        return printable(text)
    return f"{printable(text[:longest])}… ({len(text) - longest} characters more)"


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
