"""How long a loop waits before it tries something outside again."""

import zlib
from typing import Final

_RECONNECT_FIRST: Final = 1.0
_RECONNECT_LONGEST: Final = 60.0
_SOURCE_FIRST: Final = 5.0
_SOURCE_LONGEST: Final = 300.0


def reconnect_delay(host: str, failures: int) -> float:
    """Return the pause before a host is tried again: 1 s doubling to 60 s, less up to a quarter.

    The part taken off comes from the host's name and the attempt, not from chance: hosts lost at one moment do not
    come back at one moment, and a run can be repeated.
    """
    pause = min(_RECONNECT_FIRST * 2.0 ** min(failures - 1, 16), _RECONNECT_LONGEST)
    jitter = zlib.crc32(f"{host} {failures}".encode()) / 2**32
    return pause * (1 - jitter / 4)


def source_delay(failures: int) -> float:
    """Return the pause before a failing source is asked again: 5 s doubling to 5 min."""
    return min(_SOURCE_FIRST * 2.0 ** min(failures - 1, 16), _SOURCE_LONGEST)
