"""What the doctor found, a line each: ok, or the problem and what to do."""

from collections.abc import Iterator, Sequence
from typing import Final

from agent.cli.render.escape import printable
from agent.cli.render.paint import Paint, Role, plain
from agent.hosts.doctor.check import Check

_ROLES: Final[dict[str, Role]] = {"ok": "good", "warning": "replace", "problem": "bad"}
_INDENT: Final = 12


def checks_lines(checks: Sequence[Check], paint: Paint = plain) -> Iterator[str]:
    """Return the lines of one host."""
    width = max((len(check.name) for check in checks), default=0)
    for check in checks:
        status = paint(f"{check.status:8}", _ROLES[check.status])
        yield f"  {status}  {printable(check.name):{width}}  {printable(check.message)}"
        if check.hint:
            yield f"{'':{_INDENT + width}}  → {printable(check.hint)}"


def healthy(checks: Sequence[Check]) -> bool:
    """Tell whether nothing stands in the way of running pods."""
    return all(check.status != "problem" for check in checks)
