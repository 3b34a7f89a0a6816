"""One file's bytes to its objects and problems. Nothing here looks at another file."""

from collections.abc import Iterator

import msgspec

from agent.manifests.compose import Composer
from agent.manifests.defaults import with_defaults
from agent.manifests.fault import Fault
from agent.manifests.kinds import KINDS
from agent.manifests.node import Node
from agent.manifests.parsed import ParsedFile, ParsedObject
from agent.manifests.text import split
from agent.model.objects.meta import Declared, ObjectKey
from agent.model.origin import Location, Origin
from agent.model.problem import Problem


def parse_file(path: str, content: bytes) -> ParsedFile:
    """Return the objects that a file declares, and everything that is wrong with it by itself."""
    problems: list[Problem] = []
    objects: list[ParsedObject] = []
    nodes, faults = read_nodes(content)
    problems.extend(_problem(path, fault) for fault in faults)
    for number, node in enumerate(nodes):
        try:
            body = with_defaults(msgspec.convert(node.data, KINDS[node.data["kind"]]))
        except (KeyError, TypeError, msgspec.ValidationError) as error:
            location = Location(file=path, line=node.mark.line, column=node.mark.column)
            problems.append(Problem(location=location, rule="schema", message=str(error)))
            continue
        key = ObjectKey(kind=body.kind, namespace=body.metadata.namespace, name=body.metadata.name)
        origin = Origin(file=path, document=number, line=node.mark.line, column=node.mark.column)
        declared = Declared(key=key, body=body, origin=origin)
        objects.append(ParsedObject(key=key, location=origin.location, declared=declared))
    return ParsedFile(objects=tuple(objects), problems=tuple(problems), documents=len(nodes))


def read_nodes(content: bytes) -> tuple[list[Node], list[Fault]]:
    """Return a file's objects as nodes, those of Lists one by one, and what kept others from being read."""
    nodes: list[Node] = []
    faults: list[Fault] = []
    try:
        chunks = split(content)
    except Fault as fault:
        return nodes, [fault]
    for chunk in chunks:
        composer = Composer(chunk)
        try:
            for root in composer.documents():
                nodes.extend(_expand(root))
        except Fault as fault:
            faults.append(fault)
        faults.extend(composer.faults)
    return nodes, faults


def _expand(root: Node) -> Iterator[Node]:
    """Yield a document's objects: itself, or the items of a ``kind: List``."""
    items = root.child("items")
    if items is not None and root.data.get("kind") == "List" and isinstance(items.children, list):
        yield from items.children
    else:
        yield root


def _problem(path: str, fault: Fault) -> Problem:
    return Problem(
        location=Location(file=path, line=fault.mark.line, column=fault.mark.column),
        rule=fault.rule,
        message=fault.message,
        hint=fault.hint,
        related=tuple(Location(file=path, line=mark.line, column=mark.column) for mark in fault.related),
    )
