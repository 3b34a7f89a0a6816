"""Values as JSON that stays the same when a later release adds fields: only what is set is written."""

from typing import Any

import msgspec


def as_json(value: msgspec.Struct | None) -> str:
    """Return a value as JSON, without the fields that have their defaults; empty for None."""
    return "" if value is None else msgspec.json.encode(_set_only(value)).decode()


def _set_only(value: Any) -> Any:  # noqa: ANN401 - whatever a struct holds
    if isinstance(value, msgspec.Struct):
        fields = msgspec.structs.fields(value)
        held = ((field, getattr(value, field.name)) for field in fields)
        return {field.encode_name: _set_only(one) for field, one in held if one != field.default}
    return [_set_only(one) for one in value] if isinstance(value, tuple) else value
