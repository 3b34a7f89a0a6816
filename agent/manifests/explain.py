"""A schema's verdict in words that teach: what was found, what is expected, and the nearest valid name."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, Final

from jsonschema_rs import ValidationError, ValidationErrorKind

from agent.manifests.finding import Finding, Findings, Steps
from agent.manifests.node import Node
from agent.manifests.schema import definition

_TYPES: Final = {
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "nothing",
}
_SHOWN_CHARACTERS: Final = 60
_SHOWN_FIELDS: Final = 12


def explain(error: ValidationError, root: Node) -> Findings:
    """Yield what is wrong, for one error of a schema. Values of a Secret are never shown."""
    steps: Steps = tuple(error.instance_path)
    schema = definition(error)
    node = root.descend(steps)
    match error.kind:
        case ValidationErrorKind.AdditionalProperties(unexpected=names):
            yield from (_field(steps, name, schema) for name in names)
        case ValidationErrorKind.Required(property=name):
            if _misspelt(name, node.data, schema):
                return  # said once, where it is written
            description = schema["properties"].get(name, {}).get("description", "")
            yield Finding((*steps, name), "missing-field", f"field `{name}` is missing", description)
        case ValidationErrorKind.PropertyNames(error=inner):
            name = str(inner.instance)
            expected = definition(inner).get("x-expected") or _one_of(definition(inner).get("enum", []))
            message = f"key `{shorten(name)}` is not valid: expected {expected}"
            yield Finding((*steps, name), "bad-key", message, at_key=True)
        case ValidationErrorKind.Type(types=types):
            yield _type(steps, types, schema, node, secret=_secret(root, steps))
        case kind:
            shown = "the value" if _secret(root, steps) else _show(node.data)
            yield _value(steps, kind, schema, shown, node.data)


def nearest(name: str, names: Iterable[str]) -> str:
    """Return ``, did you mean `X`?`` for the most similar name, or nothing."""
    near = get_close_matches(name, list(names), n=1, cutoff=0.6) if len(name) <= _SHOWN_CHARACTERS else []
    return f", did you mean `{near[0]}`?" if near else ""


def shorten(text: str) -> str:
    """Return a text that fits a line: control characters escaped, long ones cut."""
    plain = "".join(character if character.isprintable() else repr(character)[1:-1] for character in text[:200])
    return plain if len(plain) <= _SHOWN_CHARACTERS else plain[: _SHOWN_CHARACTERS - 1] + "…"


def _misspelt(name: str, data: Any, schema: dict[str, Any]) -> bool:  # noqa: ANN401 - plain data of any shape
    """Tell whether a required field that is missing stands there under a name that is not quite its own."""
    names = [*schema["properties"], *schema.get("x-unsupported", {})]
    unknown = [key for key in data if key not in names] if isinstance(data, dict) else []
    return any(nearest(key, names) == nearest(name, [name]) for key in unknown)


def _field(steps: Steps, name: str, schema: dict[str, Any]) -> Finding:
    unsupported, known = schema.get("x-unsupported", {}), schema["properties"]
    place = (*steps, name)
    if name in unsupported:
        return Finding(place, "unsupported-field", f"field `{name}` is {unsupported[name]}", at_key=True)
    near = nearest(name, [*known, *unsupported])
    hint = "" if near else _fields(schema)
    return Finding(place, "unknown-field", f"unknown field `{shorten(name)}`{near}", hint, at_key=True)


def _fields(schema: dict[str, Any]) -> str:
    """Return which fields a mapping has, if they are few."""
    known = sorted(schema.get("properties", ()))
    return f"fields here are: {', '.join(known)}" if 0 < len(known) <= _SHOWN_FIELDS else ""


def _type(steps: Steps, types: list[str], schema: dict[str, Any], node: Node, *, secret: bool) -> Finding:
    wanted = [_TYPES[name] for name in types if not (name == "integer" and "number" in types)]
    hint = ""
    if "string" in types and node.data is None:
        hint = 'write "" for an empty text'
    elif "string" in types and node.written is not None:
        hint = "quote it" if secret else f'quote it: "{shorten(node.written)}"'
    elif "array" in types and node.data is not None:
        hint = "begin each entry with `- `"
    elif "object" in types:
        hint = _fields(schema)
    elif isinstance(node.data, str) and types[0] in ("integer", "number", "boolean"):
        hint = "remove the quotes" if node.data.isdigit() or node.data in ("true", "false") else ""
    found = _found(node, secret=secret)
    return Finding(steps, "wrong-type", f"expected {' or '.join(wanted)}, found {found}", hint)


def _found(node: Node, *, secret: bool) -> str:
    match node.data:
        case None:
            return "nothing"
        case dict():
            return "a mapping"
        case list():
            return "a list"
        case bool():
            kind = "the boolean"
        case int() | float():
            kind = "the number"
        case _:
            kind = "the text"
    return kind.replace("the", "a") if secret else f"{kind} {_show(node.written or node.data)}"


def _value(steps: Steps, kind: ValidationErrorKind, schema: dict[str, Any], shown: str, data: Any) -> Finding:  # noqa: ANN401 - plain data of any shape
    match kind:
        case ValidationErrorKind.Enum() if reason := schema.get("x-unsupported-values", {}).get(str(data)):
            return Finding(steps, "unsupported-value", f"{shown} is {reason}")
        case ValidationErrorKind.Enum(options=options):
            names = [str(option) for option in options]
            near = nearest(str(data), names)
            message = f"{shown} is not one of {_one_of(names)}{near}"
        case ValidationErrorKind.Constant(expected_value=value):
            message = f"{shown} is not `{value}`"
        case ValidationErrorKind.MaxLength(limit=limit):
            message = f"the value has {len(str(data))} characters, at most {limit} are allowed"
        case ValidationErrorKind.Minimum(limit=limit):
            message = f"{shown} is less than {limit}"
        case ValidationErrorKind.Maximum(limit=limit):
            message = f"{shown} is more than {limit}"
        case ValidationErrorKind.ExclusiveMinimum(limit=limit):
            message = f"{shown} is not more than {limit}"
        case ValidationErrorKind.MinItems(limit=limit):
            message = f"the list needs at least {limit} entry"
        case ValidationErrorKind.MinProperties() | ValidationErrorKind.MaxProperties():
            message = f"exactly one of {_one_of(schema['properties'])} is needed"
            return Finding(steps, "one-of", message)
        case _:
            message = f"{shown} is not valid: expected {schema.get('x-expected', 'another value')}"
    return Finding(steps, "bad-value", message, _almost(schema, data))


def _almost(schema: dict[str, Any], data: Any) -> str:  # noqa: ANN401 - plain data of any shape
    """Return how a value is to be written that is likely right, but for its form."""
    if isinstance(data, str) and data.isdigit() and "integer" in schema.get("type", ()):
        return "remove the quotes"
    return f"expected {schema['x-expected']}" if schema.get("type") == "integer" and "x-expected" in schema else ""


def _secret(root: Node, steps: Steps) -> bool:
    return root.data.get("kind") == "Secret" and steps[:1] in (("data",), ("stringData",))


def _show(value: Any) -> str:  # noqa: ANN401 - plain data of any shape
    return f"`{shorten(str(value))}`" if value != "" else "an empty text"


def _one_of(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" if name else "empty" for name in names)
