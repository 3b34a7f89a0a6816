"""Single values that differ, in words."""

from collections.abc import Iterable, Iterator

from agent.model.cri import SelinuxLabel
from agent.model.difference import Difference
from agent.planner.host import texts


def plain(path: str, old: str, new: str) -> Iterator[Difference]:
    """Yield a text that differs; an empty one is not set."""
    if old != new:
        yield Difference(path=path, live=texts.cut(old) or None, desired=texts.cut(new) or None)


def flag(path: str, *, old: bool, new: bool) -> Iterator[Difference]:
    """Yield a truth value that differs."""
    if old != new:
        yield Difference(path=path, live=str(old).lower(), desired=str(new).lower())


def number(path: str, old: int | None, new: int | None) -> Iterator[Difference]:
    """Yield a number that differs."""
    yield from plain(path, "" if old is None else str(old), "" if new is None else str(new))


def several(path: str, old: Iterable[object], new: Iterable[object]) -> Iterator[Difference]:
    """Yield a list that differs."""
    yield from plain(path, ", ".join(map(str, old)), ", ".join(map(str, new)))


def label(one: SelinuxLabel | None) -> str:
    """Return an SELinux label in its usual form."""
    return "" if one is None else f"{one.user}:{one.role}:{one.type}:{one.level}"
