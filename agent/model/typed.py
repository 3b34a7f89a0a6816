"""Types that msgspec knows before two threads can meet one for the first time.

What it takes to decode a type, msgspec works out when it first meets it, and not so that two threads may do it at once:
the second sees it half done, and the process ends (a null pointer in ``convert`` of msgspec 0.22). So every type that
is decoded is met when its module is imported, which one thread does while others wait for it.
"""

from typing import TypeVar

import msgspec

T = TypeVar("T")


def decoder(kind: type[T]) -> "msgspec.json.Decoder[T]":
    """Return what decodes JSON of a type, for a module to keep."""
    return msgspec.json.Decoder(kind)


def prepare(*kinds: type) -> None:
    """Make types known that are converted to from what is decoded already."""
    for kind in kinds:
        decoder(kind)
