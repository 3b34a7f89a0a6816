"""What is known of one file by itself, before objects are checked against each other."""

from agent.manifests.references import ReferredKind
from agent.model.objects.fleet import AnyObject
from agent.model.objects.meta import Declared, ObjectKey
from agent.model.origin import Location
from agent.model.problem import Problem
from agent.model.value import Value


class Reference(Value, frozen=True, kw_only=True):
    """Another object that an object needs, and where it says so. ``key`` is empty for the whole object."""

    kind: ReferredKind
    name: str
    location: Location
    path: str
    key: str = ""
    hint: str = ""


class HostPort(Value, frozen=True, kw_only=True):
    """A port of the host that each pod of an object takes, and where it is written. ``address`` is empty for all."""

    port: int
    protocol: str
    address: str
    location: Location
    path: str


class ParsedObject(Value, frozen=True, kw_only=True):
    """One object of a file. ``declared`` is None when it has problems; it still counts as being there."""

    key: ObjectKey
    location: Location
    """Where its name is written."""
    declared: Declared[AnyObject] | None = None
    references: tuple[Reference, ...] = ()
    host_ports: tuple[HostPort, ...] = ()
    containers: tuple[Location, ...] = ()
    """Where the containers of its pods are written, init containers first."""


class ParsedFile(Value, frozen=True, kw_only=True):
    """One manifest file. ``complete`` is false when parts of it could not be read as objects at all."""

    objects: tuple[ParsedObject, ...] = ()
    problems: tuple[Problem, ...] = ()
    documents: int = 0
    complete: bool = True
