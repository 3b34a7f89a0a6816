"""Answers of a host that are of another shape than they should be."""

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
