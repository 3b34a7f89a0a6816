"""One JSON object, for programs. ``version`` changes when a field goes or changes its meaning."""

import json
from typing import Any, Final

from agent.manifests.loading import Loaded
from agent.model.origin import Location
from agent.model.problem import Problem

_VERSION: Final = 1


def render_json(loaded: Loaded) -> str:
    """Return what a validation found."""
    report = {
        "version": _VERSION,
        "valid": not loaded.problems,
        "files": loaded.files,
        "documents": loaded.documents,
        "problems": [_problem(problem) for problem in loaded.problems],
    }
    return json.dumps(report, indent=2)


def _problem(problem: Problem) -> dict[str, Any]:
    return {
        **_location(problem.location),
        "rule": problem.rule,
        "message": problem.message,
        "object": problem.object,
        "path": problem.path,
        "hint": problem.hint,
        "related": [_location(location) for location in problem.related],
    }


def _location(location: Location) -> dict[str, Any]:
    return {"file": location.file, "line": location.line, "column": location.column}
