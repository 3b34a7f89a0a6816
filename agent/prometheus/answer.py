"""What a server answered to a question, as a number."""

from typing import Final

import msgspec

from agent.model.typed import decoder
from agent.ports import Permanent, Temporary

LARGEST: Final = 1 << 20
"""Bytes of an answer; a number needs some hundreds."""
_LONGEST: Final = 300
_Sample = tuple[float, str]


class _Series(msgspec.Struct, frozen=True):
    value: _Sample


class _Scalar(msgspec.Struct, frozen=True, tag_field="resultType", tag="scalar"):
    result: _Sample


class _Vector(msgspec.Struct, frozen=True, tag_field="resultType", tag="vector"):
    result: tuple[_Series, ...]


class _Matrix(msgspec.Struct, frozen=True, tag_field="resultType", tag="matrix"):
    """A range of time: no number."""


class _String(msgspec.Struct, frozen=True, tag_field="resultType", tag="string"):
    """A text."""


class _Answer(msgspec.Struct, frozen=True):
    status: str
    data: _Scalar | _Vector | _Matrix | _String | None = None
    error: str = ""


_ANSWER: Final = decoder(_Answer)


def number(status: int, content: bytes, *, where: str) -> float:
    """Return the number in an answer: of several series, their sum. Raises Permanent or Temporary."""
    if len(content) > LARGEST:
        raise Permanent(f"{where} answers with more than {LARGEST} bytes", hint="let the query aggregate: sum(…)")
    if status in {401, 403}:
        raise Permanent(f"{where} does not let us in ({status})", hint="spec.prometheus.tokenFile names a token")
    if 300 <= status < 400:
        raise Permanent(f"{where} redirects elsewhere", hint="name its real address: spec.prometheus.url")
    if status >= 500:
        raise Temporary(f"{where} fails with status {status}")
    try:
        answer = _ANSWER.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Permanent(
            f"{where} answers with something else than Prometheus would (status {status})",
            hint="name its address as far as /api/v1: spec.prometheus.url",
        ) from None
    if answer.status != "success" or status != 200:
        raise Permanent(f"{where} refuses the query: {_shown(answer.error)}")
    match answer.data:
        case _Scalar(result=(_, value)):
            return _float(value, where)
        case _Vector(result=()):
            raise Temporary(f"{where} has no such series now")
        case _Vector(result=series):
            return sum(_float(one.value[1], where) for one in series)
        case _:
            raise Permanent(f"{where} answers with no number", hint="the query should give an instant vector")


def _float(written: str, where: str) -> float:
    try:
        return float(written)
    except ValueError:
        raise Permanent(f"{where} answers with no number") from None


def _shown(text: str) -> str:
    """Return a text of the outside for a message: short, and on one line."""
    words = "".join(letter if letter.isprintable() else " " for letter in text[: _LONGEST + 1])
    return f"{words[:_LONGEST]}…" if len(words) > _LONGEST else words or "it does not say why"
