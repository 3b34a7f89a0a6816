"""Hypothesis strategies that write manifests from the schemas, mostly right ones."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from hypothesis import strategies as st

from agent.manifests import schema as schemas

ODD = st.sampled_from([None, "", "x", "0", "25%", "1Gi", -1, 0, 1, 65536, 2**40, 0.5, True, [], {}, ["x"], {"x": "y"}])
"""What a field may not take."""
MOST_OPTIONAL = 4
"""So that a manifest does not have everything at once, and is often accepted."""
NAMES_OF_OBJECTS = ["web", "app-1", "a", "data", "conf"]
NAMES = st.sampled_from(NAMES_OF_OBJECTS)
NAMED_BY_PATTERN = {"^hugepages-[0-9]{1,9}[KMGT]i$": "hugepages-2Mi"}
BY_DEFINITION: Mapping[str, st.SearchStrategy[Any]] = {
    "Subdomain": NAMES,
    "OptionalSubdomain": NAMES,
    "DnsLabel": NAMES,
    "OptionalDnsLabel": NAMES,
    "QualifiedName": st.sampled_from(["app", "example.com/tier", "a_b.c"]),
    "LabelValue": st.sampled_from(["", "web", "1.0", "a_B"]),
    "ConfigKey": st.sampled_from(["key", "app.conf", "a_b-c", ".dot"]),
    "Variable": st.sampled_from(["A", "a.b", "HOME PATH"]),
    "VariablePrefix": st.sampled_from(["", "P_"]),
    "PlainText": st.sampled_from(["", "a", "$(A)", "é 😀", "yes", "1"]),
    "Quantity": st.sampled_from(["100m", "1", "1.5", "2Gi", "1e3", 1, 0.5, "0", "12E"]),
    "Image": st.sampled_from(["web", "web:1", "registry.example.com:5000/a/web@sha256:" + "0" * 64]),
    "NetworkName": st.sampled_from(["example.com", "10.0.0.1"]),
    "OptionalNetworkName": st.sampled_from(["", "example.com", "10.0.0.1"]),
    "PortRef": st.sampled_from([80, 8080, "http"]),
    "IntOrString": st.sampled_from([0, 1, "25%", "0%", "100%"]),
    "HostKey": st.just("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"),
}

Fields = Mapping[str, st.SearchStrategy[Any]]


@cache
def manifests(kind: str, *, odd: bool) -> st.SearchStrategy[Any]:
    """Manifests of a kind; with ``odd``, here and there a value that does not belong."""
    schema = schemas.SCHEMAS[kind]
    found = values(schema, schema, odd=odd)
    return found.map(to_end) if kind in ("Job", "CronJob") else found


def to_end(part: Any) -> Any:  # noqa: ANN401 - JSON of any shape
    """Let the pods in a part of a manifest end, which few would by chance, unless they say otherwise."""
    if not isinstance(part, dict):
        return part
    usual = {"restartPolicy": "Never"} if "containers" in part else {}
    return usual | {name: to_end(value) for name, value in part.items()}


def values(schema: dict[str, Any], base: dict[str, Any], *, odd: bool) -> st.SearchStrategy[Any]:
    name = schema.get("$ref", "").rpartition("/")[2]
    examples = schema.get("examples")
    schema, base = schemas.resolved(schema, base)
    if examples := examples or schema.get("examples"):
        strategy = st.sampled_from(examples)
    else:
        strategy = BY_DEFINITION[name] if name in BY_DEFINITION else _by_shape(schema, base, odd=odd)
    return st.one_of(*([strategy] * 30), ODD) if odd else strategy


def _by_shape(schema: dict[str, Any], base: dict[str, Any], *, odd: bool) -> st.SearchStrategy[Any]:
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if schema["type"] == "object":
        return _struct(schema, base, odd=odd) if "properties" in schema else _map(schema, base, odd=odd)
    if schema["type"] == "array":
        return st.lists(values(schema["items"], base, odd=odd), min_size=schema.get("minItems", 0), max_size=2)
    return _scalar(schema)


def _struct(schema: dict[str, Any], base: dict[str, Any], *, odd: bool) -> st.SearchStrategy[Any]:
    required = schema.get("required", [])
    fields = {name: values(sub, base, odd=odd) for name, sub in schema["properties"].items()}
    if schema.get("maxProperties") == 1:
        return st.one_of(*(st.fixed_dictionaries({name: field}) for name, field in fields.items()))
    optional = {name: field for name, field in fields.items() if name not in required}
    for pattern, sub in schema.get("patternProperties", {}).items():
        optional[NAMED_BY_PATTERN[pattern]] = values(sub, base, odd=odd)
    return _some({name: fields[name] for name in required}, optional)


def _some(required: Fields, optional: Fields) -> st.SearchStrategy[dict[str, Any]]:
    """Mappings with all required fields, and a few of the others."""
    fields = {**required, **optional}
    names = st.lists(st.sampled_from([*optional]), max_size=MOST_OPTIONAL, unique=True) if optional else st.just([])

    # Without arguments, so that its repr, which hypothesis writes at every turn, stays short.
    @st.composite
    def some(draw: st.DrawFn) -> dict[str, Any]:
        return {name: draw(fields[name]) for name in (*required, *draw(names))}

    return some()


def _map(schema: dict[str, Any], base: dict[str, Any], *, odd: bool) -> st.SearchStrategy[Any]:
    keys = values(schema["propertyNames"], base, odd=False)
    return st.dictionaries(keys, values(schema["additionalProperties"], base, odd=odd), max_size=2)


def _scalar(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    match schema["type"]:
        case "boolean":
            return st.booleans()
        case "integer":
            return st.integers(schema["minimum"], schema["maximum"])
        case "number":
            return st.sampled_from([0.1, 0.5, 1])
    return st.from_regex(schema["pattern"], fullmatch=True) if "pattern" in schema else st.text(max_size=5)
