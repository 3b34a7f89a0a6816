"""Plain data to a typed object: checked against its kind's schema, then decoded."""

from itertools import islice
from typing import Any, Final, TypeVar

import msgspec

from agent.manifests.explain import explain
from agent.manifests.finding import Finding
from agent.manifests.limits import MAX_PROBLEMS_PER_DOCUMENT
from agent.manifests.node import Node
from agent.manifests.schema import SCHEMAS, resolved, validator
from agent.model.objects.meta import Object

Body = TypeVar("Body", bound=Object)
_SURPLUS: Final = ("unknown-field", "unsupported-field")


def conform(node: Node, kind: str, struct: type[Body]) -> tuple[Body | None, list[Finding]]:
    """Return the typed object, and what its schema finds wrong.

    With surplus fields as the only findings, the object is returned without them, so that further checks can run.
    """
    data, findings = node.data, []
    check = validator(kind)
    if not check.is_valid(data):
        data = _without_nulls(data, SCHEMAS[kind], SCHEMAS[kind])
        found = (finding for error in check.iter_errors(data) for finding in explain(error, node))
        findings = list(islice(found, MAX_PROBLEMS_PER_DOCUMENT + 1))
        if len(findings) > MAX_PROBLEMS_PER_DOCUMENT or any(finding.rule not in _SURPLUS for finding in findings):
            return None, findings
        for finding in findings:
            data = _without(data, finding.steps)
    try:
        return msgspec.convert(data, struct), findings
    except msgspec.ValidationError as error:
        return None, [*findings, Finding((), "bad-value", str(error))]


def _without_nulls(data: Any, schema: dict[str, Any], base: dict[str, Any]) -> Any:  # noqa: ANN401 - plain data of any shape
    """Leave out fields without a value, which Kubernetes reads as not written. Entries of maps and lists stay."""
    schema, base = resolved(schema, base)
    if isinstance(data, dict) and "properties" in schema:
        known, unsupported = schema["properties"], schema.get("x-unsupported", {})
        return {
            name: _without_nulls(value, known.get(name, {}), base)
            for name, value in data.items()
            if value is not None or (name not in known and name not in unsupported)
        }
    if isinstance(data, list) and "items" in schema:
        return [_without_nulls(entry, schema["items"], base) for entry in data]
    return data


def _without(data: Any, steps: tuple[str | int, ...]) -> Any:  # noqa: ANN401 - plain data of any shape
    """Return a copy of plain data without what stands at a path."""
    step, rest = steps[0], steps[1:]
    if not rest:
        return {name: value for name, value in data.items() if name != step}
    if isinstance(data, list):
        return [_without(entry, rest) if index == step else entry for index, entry in enumerate(data)]
    return {name: _without(value, rest) if name == step else value for name, value in data.items()}
