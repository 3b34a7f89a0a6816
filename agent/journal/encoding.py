from collections.abc import Mapping

import msgspec

from agent.model.value import Sensitive, Value


def encode(value: Value) -> bytes:
    """Return a value as JSON. Raises TypeError when a text from a Secret stands anywhere in it.

    msgspec would write a Sensitive out like any other struct, so everything is looked at first.
    """
    _refuse_sensitive(value, type(value).__name__)
    return msgspec.json.encode(value)


def _refuse_sensitive(value: object, where: str) -> None:
    if isinstance(value, Sensitive):
        raise TypeError(f"{where} comes from a Secret and must not be written to the journal")
    if isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            _refuse_sensitive(getattr(value, name), f"{where}.{name}")
    elif isinstance(value, Mapping):
        for key, item in value.items():
            _refuse_sensitive(key, f"a key of {where}")
            _refuse_sensitive(item, f"{where}[{key}]")
    elif isinstance(value, tuple | list | set | frozenset):
        for item in value:
            _refuse_sensitive(item, where)
