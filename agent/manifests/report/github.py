"""GitHub's workflow commands: each problem becomes an annotation on its line."""

from collections.abc import Sequence

from agent.model.problem import Problem


def render_github(problems: Sequence[Problem]) -> str:
    """Return one command a problem."""
    return "\n".join(_command(problem) for problem in problems)


def _command(problem: Problem) -> str:
    place = problem.location
    parts = [problem.message, f"in {problem.object}" if problem.object else "", problem.hint]
    message = "\n".join(part for part in parts if part)
    properties = f"file={_property(place.file)},line={place.line},col={place.column},title={_property(problem.rule)}"
    return f"::error {properties}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
