"""What an unquoted YAML text means to Kubernetes.

Kubernetes reads YAML with go-yaml v2 (``sigs.k8s.io/yaml``), turns it into JSON and decodes that. So ``yes`` and ``on``
are booleans, ``0777`` and ``0o777`` are octal, ``1e3`` is the integer 1000, and dates stay texts. The rules here are
those of go-yaml's ``resolve`` followed by Go's JSON encoder.
"""

import math
import re
from typing import Final

Scalar = str | int | float | bool | None

_WORDS: Final[dict[str, bool | None]] = (
    dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True)
    | dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False)
    | dict.fromkeys(("", "~", "null", "Null", "NULL"), None)
)
_NOT_FINITE: Final = {
    sign + dot: float(sign + "inf") for sign in ("", "+", "-") for dot in (".inf", ".Inf", ".INF")
} | dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan)
_INTEGER: Final = re.compile(r"([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))")
_BASES: Final = (16, 2, 8, 10)
_FLOAT: Final = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_LONGEST_INTEGER: Final = 70
"""Characters of the longest integer that fits 64 bits in base 2, with sign and prefix."""
_WIDEST_PLAIN: Final = 1e21
"""From here on Go's JSON encoder writes an exponent."""


def resolve(text: str) -> Scalar:
    """Return what a plain (unquoted, untagged) scalar means. Infinities and NaN come back as such floats."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] in "0123456789+-.":
        return _number(text)
    return text


def _number(text: str) -> Scalar:
    if text in _NOT_FINITE:
        return _NOT_FINITE[text]
    digits = text if text[0] == "." else text.replace("_", "")
    if len(digits) <= _LONGEST_INTEGER and (match := _INTEGER.fullmatch(digits)):
        value = next(int(part, base) for part, base in zip(match.groups()[1:], _BASES, strict=True) if part)
        value = -value if match[1] == "-" else value
        if -(2**63) <= value < 2**64:
            return value
    if not _FLOAT.fullmatch(digits):
        return text
    number = float(digits)
    if math.isinf(number):
        return text
    return int(number) if number.is_integer() and abs(number) < _WIDEST_PLAIN else number
