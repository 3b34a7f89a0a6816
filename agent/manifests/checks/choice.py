"""Fields of which one must be given."""

from collections.abc import Sequence

from agent.manifests.finding import Finding, Findings, Steps
from agent.model.objects.meta import Object


def given(part: Object, names: Sequence[tuple[str, str]]) -> list[str]:
    """Return which of the fields have a value, as they are written. ``names`` are pairs of attribute and field."""
    return [name for attribute, name in names if getattr(part, attribute) is not None]


def check_one_of(part: Object, names: Sequence[tuple[str, str]], at: Steps) -> Findings:
    """Yield that none, or more than one, of the fields is given."""
    found = given(part, names)
    if not found:
        shown = ", ".join(f"`{name}`" for _, name in names)
        yield Finding(at, "one-of", f"exactly one of {shown} is needed")
    yield from check_at_most_one(found, at)


def check_at_most_one(found: Sequence[str], at: Steps) -> Findings:
    """Yield that more than one of alternatives is given, with those that are."""
    if len(found) > 1:
        shown = ", ".join(f"`{name}`" for name in found)
        message = f"only one of these may be given: {shown}"
        yield Finding((*at, found[1]), "one-of", message, at_key=True, also=(*at, found[0]))
