"""IntOrString: a count, or a percentage of something."""

import re
from typing import Final

IntOrString = int | str
"""A count, or a percentage such as ``25%``."""
_PERCENT: Final = re.compile(r"(\d{1,9})%")


def resolve(written: int | str, total: int, *, round_up: bool) -> int:
    """Return the count that ``written`` means of ``total``. Raises ValueError for anything but a count or percentage.

    Kubernetes rounds maxSurge up and maxUnavailable down.
    """
    if isinstance(written, int):
        return written
    match = _PERCENT.fullmatch(written)
    if match is None:
        raise ValueError(f"{written!r} is neither a number nor a percentage such as 25%")
    product = int(match[1]) * total
    return -(-product // 100) if round_up else product // 100
