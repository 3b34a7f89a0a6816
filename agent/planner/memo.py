"""Remembering what a pure function said of a value, for as long as somebody else holds that value.

Planners see the same frozen values (a look at a host, a desired pod) many times. What follows from one of them is
worked out once. An entry is found by the value's identity, never by comparing it, and goes away with the value, so
nothing is kept alive and results stay those of the function itself.
"""

import weakref
from collections.abc import Callable
from functools import wraps
from operator import is_
from typing import Concatenate, Generic, ParamSpec, TypeVar

V = TypeVar("V")
R = TypeVar("R")
P = ParamSpec("P")


class Same(tuple[V, ...]):
    """Values that equal others only if those are the very same: comparing them looks into none."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and len(self) == len(other) and all(map(is_, self, other))

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = tuple.__hash__


class Notes(Generic[V, R]):
    """What followed from frozen, weakly referable values, each with what else it followed from (``rest``).

    Only the newest note of a value is kept.
    """

    def __init__(self) -> None:
        self._notes: dict[int, tuple[weakref.ref[V], object, R]] = {}

    def find(self, value: V, rest: object) -> R | None:
        """Return what followed from a value and an equal rest; None when nobody noted it."""
        note = self._notes.get(id(value))
        return note[2] if note is not None and note[0]() is value and note[1] == rest else None

    def keep(self, value: V, rest: object, answer: R) -> None:
        """Note what follows from a value and the rest."""
        identity, notes = id(value), self._notes
        notes[identity] = (weakref.ref(value, lambda _: notes.pop(identity, None)), rest, answer)


def remembered(function: Callable[Concatenate[V, P], R]) -> Callable[Concatenate[V, P], R]:
    """Decorate a pure function of one frozen, weakly referable value (and arguments that compare); never of None."""
    notes = Notes[V, R]()

    @wraps(function)
    def wrapper(value: V, /, *args: P.args, **kwargs: P.kwargs) -> R:
        rest = args, tuple(sorted(kwargs.items()))
        known = notes.find(value, rest)
        if known is not None:
            return known
        answer = function(value, *args, **kwargs)
        notes.keep(value, rest, answer)
        return answer

    return wrapper
