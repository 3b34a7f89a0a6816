"""A fault of one object with another, as a problem."""

from agent.manifests.parsed import ParsedObject
from agent.model.origin import Location
from agent.model.problem import Problem


def problem(
    entry: ParsedObject,
    rule: str,
    message: str,
    *,
    path: str,
    hint: str = "",
    other: ParsedObject | None = None,
    place: Location | None = None,
) -> Problem:
    """Return what is wrong with an object, where it is known no better, at its name; ``other`` is what it is about."""
    return Problem(
        location=place or entry.location,
        rule=rule,
        message=message,
        object=str(entry.key),
        path=path,
        hint=hint,
        related=(other.location,) if other else (),
    )
