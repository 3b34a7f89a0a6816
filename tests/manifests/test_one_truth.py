"""The schemas and the structs say the same: names, types, choices, what is required, and defaults."""

import json
import types
from collections.abc import Iterator, Mapping
from typing import Any, Literal, Union, get_args, get_origin

import msgspec
import pytest

from agent.manifests import schema as schemas
from agent.manifests.kinds import KINDS
from agent.model.objects.agent import AgentConfig
from agent.model.objects.meta import Object

ROOTS: dict[str, type[Object]] = {**KINDS, "Agent": AgentConfig}
JSON_TYPES = {str: "string", int: "integer", float: "number", bool: "boolean"}


def pairs() -> Iterator[tuple[str, dict[str, Any], dict[str, Any], type[Object]]]:
    """Every struct that a manifest can hold, with the schema object for the same place."""
    todo = [(kind, schemas.SCHEMAS[kind], schemas.SCHEMAS[kind], struct) for kind, struct in ROOTS.items()]
    while todo:
        path, schema, base, struct = todo.pop()
        yield path, schema, base, struct
        for field in msgspec.structs.fields(struct):
            place = f"{path}.{field.encode_name}"
            if field.encode_name in schema["properties"]:
                todo.extend(_nested(place, schema["properties"][field.encode_name], base, field.type))


def _nested(path: str, schema: dict[str, Any], base: dict[str, Any], type_: object) -> Iterator[tuple[Any, ...]]:
    schema, base = schemas.resolved(schema, base)
    for option in _options(type_):
        if isinstance(option, type) and issubclass(option, Object):
            yield path, schema, base, option
        elif get_origin(option) is tuple:
            yield from _nested(f"{path}[]", schema["items"], base, get_args(option)[0])


def _options(type_: object) -> list[Any]:
    if get_origin(type_) in (Union, types.UnionType):
        return [option for option in get_args(type_) if option is not type(None)]
    return [type_]


CASES = list(pairs())


@pytest.mark.parametrize(("path", "schema", "base", "struct"), CASES, ids=[case[0] for case in CASES])
def test_schema_and_struct_agree(path: str, schema: dict[str, Any], base: dict[str, Any], struct: type[Object]) -> None:
    fields = {field.encode_name: field for field in msgspec.structs.fields(struct)}
    # A kind without namespace leaves the field to the struct's default.
    leftover = {"namespace"} if path.endswith(".metadata") and "namespace" in schema.get("x-unsupported", {}) else set()
    assert set(schema["properties"]) == set(fields) - leftover
    assert schema["additionalProperties"] is False
    required = {name for name, field in fields.items() if field.required}
    identity = {"apiVersion", "kind"} if "." not in path else set()
    assert set(schema.get("required", [])) == required | identity
    for name, property_schema in schema["properties"].items():
        resolved, _ = schemas.resolved(property_schema, base)
        place = f"{path}.{name}"
        assert property_schema.get("description"), f"{place} has no description"
        assert _accepted(resolved) == _taken(fields[name].type), place
        if not fields[name].required and "default" in (merged := resolved | property_schema):
            assert fields[name].default == merged["default"], place


def _accepted(schema: dict[str, Any]) -> set[str]:
    """What a schema takes: JSON types, or the values of an enumeration."""
    if "const" in schema:
        return {f"={schema['const']}"}
    if "enum" in schema:
        return {f"={value}" for value in schema["enum"]}
    written = schema["type"]
    found = set(written if isinstance(written, list) else [written])
    return found | {"integer"} if "number" in found else found


def _taken(type_: object) -> set[str]:
    """What a struct's field takes, in the same words."""
    found: set[str] = set()
    for option in _options(type_):
        origin = get_origin(option)
        if origin is Literal:
            found |= {f"={value}" for value in get_args(option)}
        elif origin is tuple:
            found.add("array")
        elif issubclass(origin or option, Mapping | Object):
            found.add("object")
        else:
            found.add(JSON_TYPES[option])
    return found | {"integer"} if "number" in found else found


def test_every_definition_is_used() -> None:
    files = schemas._BY_ID.values()
    everything = json.dumps(list(files))
    unused = [name for file in files for name in file.get("$defs", {}) if f'#/$defs/{name}"' not in everything]
    assert unused == []
