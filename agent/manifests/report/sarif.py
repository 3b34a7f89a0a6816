"""SARIF 2.1.0, the form in which code scanning services take findings."""

import json
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote

from agent.manifests.rules import RULES
from agent.model.origin import Location
from agent.model.problem import Problem

_SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_INDEX: Final = {rule: index for index, rule in enumerate(RULES)}


def render_sarif(problems: Sequence[Problem], *, version: str) -> str:
    """Return a log of one run; ``version`` is trimtab's own."""
    rules = [{"id": rule, "shortDescription": {"text": meaning}} for rule, meaning in RULES.items()]
    driver = {"name": "trimtab", "semanticVersion": version, "rules": rules}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(problem) for problem in problems],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _result(problem: Problem) -> dict[str, Any]:
    location = _location(problem.location)
    if problem.object:
        name = f"{problem.object} {problem.path}".rstrip()
        location["logicalLocations"] = [{"fullyQualifiedName": name, "kind": "object"}]
    result: dict[str, Any] = {
        "ruleId": problem.rule,
        "ruleIndex": _INDEX[problem.rule],
        "level": "error",
        "message": {"text": f"{problem.message} ({problem.hint})" if problem.hint else problem.message},
        "locations": [location],
    }
    if problem.related:
        result["relatedLocations"] = [_location(related) for related in problem.related]
    return result


def _location(location: Location) -> dict[str, Any]:
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": quote(location.file)},
            "region": {"startLine": location.line, "startColumn": location.column},
        }
    }
