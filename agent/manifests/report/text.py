"""As compilers write: ``file:line:column: error: what``, then where in the object, and what to do."""

from collections.abc import Iterator, Sequence

from agent.manifests.loading import Loaded
from agent.manifests.presentable import WHOLE_SOURCE, printable
from agent.model.origin import Location
from agent.model.problem import Problem


def render_text(problems: Sequence[Problem]) -> str:
    """Return problems for a person, without a line break at the end."""
    return "\n".join(line for problem in problems for line in _lines(problem))


def render_summary(loaded: Loaded) -> str:
    """Return how it went, in one line."""
    if not loaded.problems:
        return f"{_count(loaded.documents, 'document')} in {_count(loaded.files, 'file')}: valid"
    files = len({problem.location.file for problem in loaded.problems} - {WHOLE_SOURCE})
    problems = _count(len(loaded.problems), "problem")
    return f"{problems} in {_count(files, 'file')}" if files else problems


def _lines(problem: Problem) -> Iterator[str]:
    yield f"{_place(problem.location)}: error: {problem.message} [{problem.rule}]"
    if problem.object or problem.path:
        yield "    in " + ", ".join(part for part in (problem.object, problem.path) if part)
    for location in problem.related:
        yield f"    see {_place(location)}"
    if problem.hint:
        yield f"    hint: {problem.hint}"


def _place(location: Location) -> str:
    return printable(str(location))


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
