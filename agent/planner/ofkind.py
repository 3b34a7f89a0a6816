"""The objects of a fleet by their kinds: looked through once a revision."""

from collections.abc import Mapping
from typing import TypeVar, cast

from agent.model.objects.fleet import AnyObject, Fleet
from agent.model.objects.meta import Declared, Object, ObjectKey
from agent.planner.memo import remembered

Body = TypeVar("Body", bound=Object)


def of_kind(fleet: Fleet, kind: type[Body]) -> Mapping[ObjectKey, Declared[Body]]:
    """Return the objects of one kind, sorted by key."""
    return cast("Mapping[ObjectKey, Declared[Body]]", by_kind(fleet).get(kind.__name__, {}))


@remembered
def by_kind(fleet: Fleet) -> Mapping[str, Mapping[ObjectKey, Declared[AnyObject]]]:
    """Return all objects, sorted by key within each kind."""
    found: dict[str, dict[ObjectKey, Declared[AnyObject]]] = {}
    for key, one in fleet.objects.items():
        found.setdefault(key.kind, {})[key] = one
    return found
