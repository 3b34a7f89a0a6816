"""Declared objects as the API server would give them back: defaults filled in, and no field that says nothing."""

from collections.abc import Collection, Mapping
from functools import cache
from typing import Any

import msgspec

_NONE: Any = object()


def as_written(body: msgspec.Struct, without: Collection[str] = ()) -> dict[str, Any]:
    """Return an object's fields. What is false, 0 or empty is left out where leaving it out means the same."""
    said: dict[str, Any] = {}
    for field, written, default in _fields(type(body)):
        value = getattr(body, field)
        if field in without or value is None or (not value and value == default):
            continue
        part = _part(value)
        if part or value != default:  # a structure that stands there says something, even an empty one: emptyDir: {}
            said[written] = part
    return said


def _part(value: object) -> Any:  # noqa: ANN401 - any part of a document
    if isinstance(value, msgspec.Struct):
        return as_written(value)
    if isinstance(value, Mapping):
        return {name: _part(part) for name, part in value.items()}
    return [_part(part) for part in value] if isinstance(value, list | tuple) else value


@cache
def _fields(kind: type[msgspec.Struct]) -> tuple[tuple[str, str, Any], ...]:
    """Return the fields of a structure: as they are called here and in manifests, and what they are by themselves."""
    return tuple((one.name, one.encode_name, _default(one)) for one in msgspec.structs.fields(kind))


def _default(field: msgspec.structs.FieldInfo) -> Any:  # noqa: ANN401 - of any type
    if field.default_factory is not msgspec.NODEFAULT:
        return field.default_factory()
    return _NONE if field.default is msgspec.NODEFAULT else field.default
