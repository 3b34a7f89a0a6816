"""Why an action is in a plan."""

from agent.model.objects.meta import ObjectKey
from agent.model.origin import Location
from agent.model.value import Value


class Commit(Value, frozen=True, kw_only=True, tag="commit"):
    """A value in git asks for it.

    The planner fills ``revision``, ``object``, ``path`` and ``location`` (the object's first line). Whoever shows
    the cause refines ``location`` to the value's own line, and ``revision``, ``author`` and ``subject`` to the commit
    that last touched that line.
    """

    revision: str
    object: ObjectKey
    location: Location
    path: str = ""
    summary: str = ""
    """What it means, in the reader's words: ``scaled from 5 to 3``, ``image changed``."""
    author: str = ""
    subject: str = ""


class Drift(Value, frozen=True, kw_only=True, tag="drift"):
    """Live state left the desired state by itself. ``rule`` names the classification rule that saw it."""

    rule: str
    what: str
    """In the reader's words: ``container web exited with code 137 (killed)``."""
    seen_at: float


Cause = Commit | Drift
