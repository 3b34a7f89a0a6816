"""What a field means, read from the schemas: ``trimtab explain pod.spec.containers.livenessProbe``."""

import json
import re
from typing import Any, Final

from agent.manifests.explain import nearest, shorten
from agent.manifests.schema import SCHEMAS, UNSUPPORTED_KINDS, resolved
from agent.model.value import Value

_INDEX: Final = re.compile(r"\[[^\[\]]*\]")

Schema = dict[str, Any]


class Field(Value, frozen=True, kw_only=True):
    """One field in short. ``type`` is as ``[]Container``, ``map[string]string`` or ``integer``."""

    name: str
    type: str
    description: str
    required: bool = False
    default: str | None = None
    """As JSON; None where there is none."""
    refused: str = ""
    """Why trimtab does not take a field that Kubernetes has; empty for one that it takes."""


class Explanation(Value, frozen=True, kw_only=True):
    """A field of a kind, what it takes, and the fields in it. ``path`` is the way to it, empty for the kind itself.

    ``about`` is what its type says of itself; ``choices`` are the values that may be written, ``expected`` says what
    a text must look like, and ``refused_values`` why Kubernetes' other values are not taken.
    """

    kind: str
    version: str
    path: str
    field: Field
    about: str = ""
    choices: tuple[str, ...] = ()
    expected: str = ""
    minimum: int | None = None
    maximum: int | None = None
    examples: tuple[str, ...] = ()
    refused_values: tuple[tuple[str, str], ...] = ()
    fields: tuple[Field, ...] = ()


class NoSuchFieldError(Exception):
    """A path that the schemas do not have; its text says what is there instead."""


def explain_field(path: str) -> Explanation:
    """Return what a path such as ``pod.spec.containers.image`` means. Raises NoSuchFieldError with the nearest name.

    A kind is found whatever its case, and in the plural; an entry of a list may have its index, or none.
    """
    written, *names = _INDEX.sub("", path.strip()).split(".")
    kind = _kind(written)
    field, schema, base = _whole(kind), SCHEMAS[kind], SCHEMAS[kind]
    done = [kind]
    for name in names:
        if field.refused:
            raise NoSuchFieldError(f"`{'.'.join(done)}` is {field.refused}")
        field, schema, base = _step(".".join(done), name, *_inside(schema, base))
        done.append(field.name)
    return _explanation(kind, ".".join(done[1:]), field, *_inside(schema, base))


def _kind(written: str) -> str:
    names = {kind.lower(): kind for kind in (*SCHEMAS, *UNSUPPORTED_KINDS)}
    singular = (written.lower(), written.lower().removesuffix("s"), written.lower().removesuffix("es"))
    kind = next((names[name] for name in singular if name in names), None)
    if kind is None:
        near = nearest(written[:1].upper() + written[1:], names.values())
        raise NoSuchFieldError(f"unknown kind `{shorten(written)}`{near or ', kinds are: ' + ', '.join(SCHEMAS)}")
    if kind in UNSUPPORTED_KINDS:
        raise NoSuchFieldError(f"kind `{kind}` is {UNSUPPORTED_KINDS[kind]}")
    return kind


def _whole(kind: str) -> Field:
    return Field(name=kind, type="Object", description=SCHEMAS[kind]["description"])


def _inside(schema: Schema, base: Schema) -> tuple[Schema, Schema]:
    """Return what a schema refers to; for a list, what its entries are."""
    schema, base = resolved(schema, base)
    return _inside(schema["items"], base) if schema.get("type") == "array" else (schema, base)


def _step(parent: str, name: str, schema: Schema, base: Schema) -> tuple[Field, Schema, Schema]:
    properties = schema.get("properties", {})
    if name in properties:
        return _field(name, schema, base), properties[name], base
    for pattern, inner in schema.get("patternProperties", {}).items():
        if name == inner["title"] or re.search(pattern, name):
            return _short(name, inner, base), inner, base
    refused = schema.get("x-unsupported", {})
    if name in refused:
        return _refused(name, refused[name]), {}, base
    if isinstance(inner := schema.get("additionalProperties"), dict):
        return _short(name, inner, base), inner, base
    if not properties:
        raise NoSuchFieldError(f"`{parent}` has no fields, so no `{shorten(name)}`")
    near = nearest(name, [*properties, *refused])
    raise NoSuchFieldError(
        f"`{parent}` has no field `{shorten(name)}`{near or ', fields are: ' + ', '.join(properties)}"
    )


def _explanation(kind: str, path: str, field: Field, schema: Schema, base: Schema) -> Explanation:
    about = schema.get("description", "")
    constant = [schema["const"]] if "const" in schema else []
    patterns = schema.get("patternProperties", {}).values()
    return Explanation(
        kind=kind,
        version=SCHEMAS[kind]["properties"]["apiVersion"]["const"],
        path=path,
        field=field,
        about="" if about == field.description else about,
        choices=tuple(str(value) for value in schema.get("enum", constant)),
        expected=schema.get("x-expected", ""),
        minimum=schema.get("minimum"),
        maximum=schema.get("maximum"),
        examples=tuple(schema.get("examples", ())),
        refused_values=tuple(schema.get("x-unsupported-values", {}).items()),
        fields=(
            *(_field(name, schema, base) for name in schema.get("properties", {})),
            *(_short(inner["title"], inner, base) for inner in patterns),
            *(_refused(name, reason) for name, reason in schema.get("x-unsupported", {}).items()),
        ),
    )


def _field(name: str, schema: Schema, base: Schema) -> Field:
    return _short(name, schema["properties"][name], base, required=name in schema.get("required", []))


def _short(name: str, schema: Schema, base: Schema, *, required: bool = False) -> Field:
    merged = resolved(schema, base)[0] | schema
    default = json.dumps(merged["default"], ensure_ascii=False) if "default" in merged else None
    description, type_ = merged.get("description", ""), _type(schema, base)
    return Field(name=name, type=type_, description=description, required=required, default=default)


def _refused(name: str, reason: str) -> Field:
    return Field(name=name, type="", description="", refused=reason)


def _type(schema: Schema, base: Schema) -> str:
    name = schema.get("$ref", "").rpartition("/")[2]
    schema, base = resolved(schema, base)
    written = schema.get("type", "string")
    if written == "array":
        return f"[]{_type(schema['items'], base)}"
    if written != "object":
        return " or ".join(written) if isinstance(written, list) else str(written)
    inner = schema["additionalProperties"]
    return f"map[string]{_type(inner, base)}" if isinstance(inner, dict) else name or "Object"
