"""Plain data to a typed object: checked against its kind's schema, then decoded."""

from itertools import islice
from typing import Any, Final, Generic, NamedTuple, TypeVar

import msgspec

from agent.manifests.explain import explain
from agent.manifests.finding import Finding, Findings, Steps
from agent.manifests.limits import MAX_PROBLEMS_PER_DOCUMENT
from agent.manifests.node import Node
from agent.manifests.schema import SCHEMAS, resolved, validator
from agent.model.objects.meta import Object

Body = TypeVar("Body", bound=Object)
_SURPLUS: Final = ("unknown-field", "unsupported-field")


class Conformed(NamedTuple, Generic[Body]):
    """What a schema says of an object. With findings, ``body`` is what is left without what they are about, if any."""

    body: Body | None
    findings: list[Finding]
    doubtful: tuple[Steps, ...] = ()
    """Mappings that lack something because it was wrong: a check that looks at them would be misled."""

    def further(self, found: Findings) -> Findings:
        """Yield those findings of later checks that do not come from what was left out."""
        for finding in found:
            places = (finding.steps, finding.also or ())
            misled = any(place[: len(mapping)] == mapping for mapping in self.doubtful for place in places)
            if not misled and not (self.doubtful and finding.rule == "missing-key"):
                yield finding


def conform(node: Node, kind: str, struct: type[Body]) -> Conformed[Body]:
    """Return the typed object, as far as there is one, and everything that its schema finds wrong.

    ``struct`` is a type that was prepared (see ``model.typed``).
    """
    data, findings = node.data, []
    check = validator(kind)
    if not check.is_valid(data):
        data = _without_nulls(data, SCHEMAS[kind], SCHEMAS[kind])
        found = (finding for error in check.iter_errors(data) for finding in explain(error, node))
        findings = list(islice(found, MAX_PROBLEMS_PER_DOCUMENT + 1))
        if len(findings) > MAX_PROBLEMS_PER_DOCUMENT:
            return Conformed(None, findings)
    wrong = {_in_mapping(finding.steps): finding.rule in _SURPLUS for finding in findings}
    for steps in wrong:
        data = _without(data, steps)
    try:
        body = msgspec.convert(data, struct)
    except msgspec.ValidationError as error:
        return Conformed(None, findings or [Finding((), "bad-value", str(error))])
    return Conformed(body, findings, tuple(steps[:-1] for steps, surplus in wrong.items() if not surplus))


def _in_mapping(steps: Steps) -> Steps:
    """Return the nearest place that can be left out without moving others: a key of a mapping."""
    while steps and isinstance(steps[-1], int):
        steps = steps[:-1]
    return steps


def _without_nulls(data: Any, schema: dict[str, Any], base: dict[str, Any]) -> Any:  # noqa: ANN401 - plain data of any shape
    """Leave out fields without a value, which Kubernetes reads as not written. Entries of maps and lists stay."""
    schema, base = resolved(schema, base)
    if isinstance(data, dict) and "properties" in schema and not schema.get("x-map"):
        known, unsupported = schema["properties"], schema.get("x-unsupported", {})
        return {
            name: _without_nulls(value, known.get(name, {}), base)
            for name, value in data.items()
            if value is not None or (name not in known and name not in unsupported)
        }
    if isinstance(data, list) and "items" in schema:
        return [_without_nulls(entry, schema["items"], base) for entry in data]
    return data


def _without(data: Any, steps: Steps) -> Any:  # noqa: ANN401 - plain data of any shape
    """Return a copy of plain data without what stands at a path, if anything does."""
    step, rest = steps[0], steps[1:]
    if isinstance(data, list):
        return [_without(entry, rest) if index == step else entry for index, entry in enumerate(data)]
    if not isinstance(data, dict):
        return data
    if not rest:
        return {name: value for name, value in data.items() if name != step}
    return {name: _without(value, rest) if name == step else value for name, value in data.items()}
