"""CRI messages as containerd's verbose status shows them."""

import json
from collections.abc import Mapping
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message


def go_json(message: Message, **beside: object) -> Mapping[str, str]:
    """Write a message as Go does: names as in the .proto file, enums and 64 bits as numbers, zero values left out."""
    return {"info": json.dumps({"config": _fields(message), "runtimeSpec": {}} | beside)}


def _fields(message: Message) -> dict[str, Any]:
    return {field.name: _value(field, value) for field, value in message.ListFields()}


def _value(field: FieldDescriptor, value: Any) -> Any:  # noqa: ANN401 - whatever a field holds
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        return dict(value)
    if field.message_type is None:
        return value if isinstance(value, str | int | bool) else list(value)
    return _fields(value) if isinstance(value, Message) else [_fields(one) for one in value]
