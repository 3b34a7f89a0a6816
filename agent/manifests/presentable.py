"""Problems as they may be shown: sorted, bounded, and without anything that a terminal or log would obey."""

from collections.abc import Iterable
from typing import Final

from msgspec.structs import replace

from agent.manifests.limits import MAX_PROBLEMS
from agent.model.problem import Problem

WHOLE_SOURCE: Final = "."
"""The file of a problem that is no single file's."""
_LONGEST: Final = 500


def presentable(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Return problems in the order of their places, each fit to be printed anywhere."""
    ordered = sorted(set(problems))
    shown = ordered[:MAX_PROBLEMS]
    if len(ordered) > MAX_PROBLEMS:
        shown.append(more_problems(ordered[MAX_PROBLEMS]))
    return tuple(_clean(problem) for problem in shown)


def more_problems(first: Problem) -> Problem:
    """Return what stands for problems that are not listed, the first of which is given."""
    message = "there are more problems from here on; they are listed once the others are mended"
    return Problem(location=first.location, rule="more-problems", message=message, object=first.object)


def printable(text: str) -> str:
    """Return a text on one line of bounded length, with control and invisible characters escaped."""
    shown = text[:_LONGEST] + ("…" if len(text) > _LONGEST else "")
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in shown)


def _clean(problem: Problem) -> Problem:
    return replace(
        problem,
        message=printable(problem.message),
        object=printable(problem.object),
        path=printable(problem.path),
        hint=printable(problem.hint),
    )
