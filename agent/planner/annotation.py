"""Reading what trimtab wrote into annotations: a host may show anything in their place."""

from typing import TypeVar

import msgspec

T = TypeVar("T")


def read_json(written: str, kind: "msgspec.json.Decoder[T]") -> T | None:
    """Return the value that an annotation's JSON stands for; None for what is none: no text may end a plan."""
    try:
        return kind.decode(written)
    except (msgspec.DecodeError, RecursionError):
        return None
