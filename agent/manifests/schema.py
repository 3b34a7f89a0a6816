"""The schemas of ``schemas/``, compiled: one validator a kind, and the definition that an error came from.

Read once, at import, from the package's own files: they are data of the program, like its code.
"""

import json
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Final
from urllib.parse import unquote

from jsonschema_rs import Draft202012Validator, Registry, ValidationError

_ROOT: Final = files("agent") / "schemas"


def _read(file: Traversable) -> Any:  # noqa: ANN401 - JSON of any shape
    return json.loads(file.read_text(encoding="utf-8"))


_INDEX: Final[dict[str, dict[str, str]]] = _read(_ROOT / "kinds.json")
SCHEMAS: Final[dict[str, dict[str, Any]]] = {kind: _read(_ROOT / name) for kind, name in _INDEX["schemas"].items()}
"""The schema of each kind."""
UNSUPPORTED_KINDS: Final = _INDEX["x-unsupported"]
"""Kinds of Kubernetes that are not honoured, and what to say about each."""

_BY_ID: Final[dict[str, dict[str, Any]]] = {
    schema["$id"]: schema for schema in (*SCHEMAS.values(), *map(_read, (_ROOT / "definitions").iterdir()))
}
_REGISTRY: Final = Registry(list(_BY_ID.items()))


@cache
def validator(kind: str) -> Draft202012Validator:
    """Return the compiled schema of a kind; compiled when the kind is first met."""
    return Draft202012Validator(SCHEMAS[kind], registry=_REGISTRY)


def definition(error: ValidationError) -> dict[str, Any]:
    """Return the schema object that an error's keyword stands in."""
    location, _, pointer = (error.absolute_keyword_location or "").partition("#")
    return _at(_BY_ID[location], pointer.split("/")[1:-1])


def resolved(schema: dict[str, Any], base: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Follow a ``$ref`` of a schema in the file ``base``; return what it names, and that one's file."""
    if "$ref" not in schema:
        return schema, base
    name, _, pointer = schema["$ref"].partition("#")
    file = _BY_ID[base["$id"].rpartition("/")[0] + "/" + name] if name else base
    return _at(file, pointer.split("/")[1:]), file


def _at(schema: dict[str, Any], pointer: list[str]) -> dict[str, Any]:
    for step in pointer:
        schema = schema[unquote(step).replace("~1", "/").replace("~0", "~")]
    return schema
