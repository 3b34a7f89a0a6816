"""Durations as Go writes them (``1m``, ``1h30m``, ``300ms``), in seconds."""

import math
import re
from typing import Final

_UNITS: Final = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_SIZES: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "y": 365 * 86_400}
_AGES: Final = (
    (120, "s", ""),
    (600, "m", "s"),
    (3 * 3600, "m", ""),
    (8 * 3600, "h", "m"),
    (48 * 3600, "h", ""),
    (8 * 86_400, "d", "h"),
    (2 * 365 * 86_400, "d", ""),
    (8 * 365 * 86_400, "y", "d"),
    (math.inf, "y", ""),
)
"""Below how many seconds an age is shown in which unit, and in which smaller one what is left of it."""
_PART: Final = re.compile(r"(\d{1,12}(?:\.\d{1,9})?)(ns|us|µs|ms|s|m|h)")


def parse_duration(written: str) -> float:
    """Return a duration in seconds. Raises ValueError when it is not one."""
    parts = _PART.findall(written)
    if not parts or "".join(number + unit for number, unit in parts) != written:
        raise ValueError(f"{written!r} is not a duration such as 30s, 5m or 1h30m")
    return sum(float(number) * _UNITS[unit] for number, unit in parts)


def format_duration(seconds: float) -> str:
    """Return a duration as kubectl shows an age: ``45s``, ``3m12s``, ``5h20m``, ``2d``, ``1y``."""
    total = max(0, int(seconds))
    unit, smaller = next((unit, smaller) for below, unit, smaller in _AGES if total < below)
    whole, left = divmod(total, _SIZES[unit])
    rest = left // _SIZES[smaller] if smaller else 0
    return f"{whole}{unit}{rest}{smaller}" if rest else f"{whole}{unit}"
