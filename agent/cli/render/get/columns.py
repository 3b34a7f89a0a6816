"""What a line of a table is made from, and how."""

from collections.abc import Callable
from typing import Final, TypeVar

from agent.model.objects.fleet import AnyObject
from agent.model.objects.meta import Object
from agent.model.status import ObjectStatus, PodStatus
from agent.model.value import Value
from agent.reconciler.reporting.snapshot import HostState

Cell = Callable[["Entry", float], str]
Body = TypeVar("Body", bound=Object)
Told = TypeVar("Told")


class Entry(Value, frozen=True, kw_only=True):
    """One line: a pod, or an object with what became of it."""

    namespace: str
    name: str
    pod: PodStatus | None = None
    body: AnyObject | None = None
    status: ObjectStatus | None = None
    host: HostState | None = None
    host_pods: tuple[PodStatus, ...] = ()


class Column(Value, frozen=True, kw_only=True):
    """A column's title, how its cells are made, and whether only ``-o wide`` shows it."""

    title: str
    cell: Cell
    wide: bool = False


NAME: Final = Column(title="NAME", cell=lambda entry, _now: entry.name)


def body(kind: type[Body], cell: Callable[[Body], str]) -> Cell:
    """Return a cell that is made from the declared object."""
    return lambda entry, _now: cell(entry.body) if isinstance(entry.body, kind) else ""


def status(cell: Callable[[ObjectStatus], str]) -> Cell:
    """Return a cell that is made from what became of the object."""
    return lambda entry, _now: cell(entry.status) if entry.status else ""


def told(kind: type[Told], cell: Callable[[Told], str]) -> Cell:
    """Return a cell that is made from the object's status as Kubernetes has it."""

    def made(entry: Entry, _now: float) -> str:
        found = entry.status.status if entry.status else None
        return cell(found) if isinstance(found, kind) else ""

    return made


def word(found: ObjectStatus) -> str:
    """Return how an object is, in one word."""
    return found.reason or found.phase


MESSAGE: Final = Column(title="MESSAGE", cell=status(lambda found: found.message), wide=True)
