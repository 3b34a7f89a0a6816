"""Answers of a host that are of another shape than they should be."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import msgspec

from agent.ports import Temporary

UNREADABLE: Final = (
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
    msgspec.MsgspecError,
)
"""What reading them raises; the nesting of a JSON text may be the attack."""


@contextmanager
def reading(host: str) -> Iterator[None]:
    """Fail when answers cannot be read. Half of them may be true, so that nothing was seen is what is right.

    Raises Temporary, with no word of the answers: they may hold Secrets.
    """
    try:
        yield
    except UNREADABLE as error:
        said = type(error).__name__
        raise Temporary(f"{host}: what containerd and the host tell cannot be read ({said})") from error


_NUMBER: Final = re.compile(r"[0-9]{1,15}")


def number(text: str) -> int:
    """Return a count that a host printed. Raises ValueError for what is none, or is more than any host has."""
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is no count")
    return int(text)


def readable(text: str) -> str:
    """Return a text that can be written again: bytes that are no UTF-8 are replaced."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
