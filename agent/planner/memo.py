"""Remembering what a pure function said of a value, for as long as somebody else holds that value.

Planners see the same frozen values (a look at a host, a desired pod) many times. What follows from one of them is
worked out once. An entry is found by the value's identity, never by comparing it, and goes away with the value, so
nothing is kept alive and results stay those of the function itself.
"""

import weakref
from collections.abc import Callable, Hashable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

V = TypeVar("V")
R = TypeVar("R")
P = ParamSpec("P")


def remembered(function: Callable[Concatenate[V, P], R]) -> Callable[Concatenate[V, P], R]:
    """Decorate a pure function of one frozen, weakly referable value (and hashable arguments).

    Only the newest answer for a value is kept: other arguments replace it.
    """
    answers: dict[int, tuple[weakref.ref[V], Hashable, R]] = {}

    @wraps(function)
    def wrapper(value: V, /, *args: P.args, **kwargs: P.kwargs) -> R:
        identity, rest = id(value), (args, tuple(sorted(kwargs.items())))
        known = answers.get(identity)
        if known is not None and known[0]() is value and known[1] == rest:
            return known[2]
        answer = function(value, *args, **kwargs)
        answers[identity] = (weakref.ref(value, lambda _: answers.pop(identity, None)), rest, answer)
        return answer

    return wrapper
