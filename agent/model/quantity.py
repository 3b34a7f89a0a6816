"""Kubernetes quantities (``500m``, ``1.5``, ``2Gi``, ``1e3``) as exact numbers.

The grammar is that of ``resource.Quantity``: a decimal number, then a binary suffix, a decimal suffix, or an exponent.
"""

import re
from decimal import ROUND_CEILING, Decimal
from typing import Final

_BINARY: Final = {
    suffix: Decimal(1024) ** power for power, suffix in enumerate(("Ki", "Mi", "Gi", "Ti", "Pi", "Ei"), 1)
}
_DECIMAL: Final = {
    suffix: Decimal(10) ** power
    for suffix, power in (("n", -9), ("u", -6), ("m", -3), ("", 0), ("k", 3), ("M", 6), ("G", 9), ("T", 12), ("P", 15))
} | {"E": Decimal(10) ** 18}
_GRAMMAR: Final = re.compile(
    r"(?P<number>[+-]?(?:\d{1,30}(?:\.\d{0,30})?|\.\d{1,30}))"
    r"(?:(?P<suffix>[KMGTPE]i|[numkMGTPE])|[eE](?P<exponent>[+-]?\d{1,2}))?"
)


def parse_quantity(written: str | float) -> Decimal:
    """Return a quantity's exact value. Raises ValueError when it is not one."""
    match = _GRAMMAR.fullmatch(str(written))
    if match is None:
        raise ValueError(f"{written!r} is not a quantity such as 500m, 1.5 or 2Gi")
    factor = Decimal(10) ** int(match["exponent"]) if match["exponent"] else _factor(match["suffix"] or "")
    return Decimal(match["number"]) * factor


def _factor(suffix: str) -> Decimal:
    return _BINARY[suffix] if suffix in _BINARY else _DECIMAL[suffix]


def whole(written: str | float) -> int:
    """Return a quantity in whole units (bytes, pods), rounded up as Kubernetes does."""
    return int(parse_quantity(written).to_integral_value(ROUND_CEILING))


def milli(written: str | float) -> int:
    """Return a quantity in thousandths (CPU millicores), rounded up as Kubernetes does."""
    return int((parse_quantity(written) * 1000).to_integral_value(ROUND_CEILING))
