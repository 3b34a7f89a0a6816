"""One file's bytes to its objects and problems. Nothing here looks at another file."""

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from agent.manifests.checks import check
from agent.manifests.checks.ports import host_ports
from agent.manifests.conform import conform
from agent.manifests.defaults import DEFAULT_NAMESPACE, with_defaults
from agent.manifests.fault import Fault
from agent.manifests.finding import Finding
from agent.manifests.kinds import CLUSTER_SCOPED, KINDS
from agent.manifests.limits import MAX_PROBLEMS_PER_DOCUMENT
from agent.manifests.node import Mark, Node, show_path
from agent.manifests.objects import kind_of, read_nodes
from agent.manifests.parsed import HostPort, ParsedFile, ParsedObject, Reference
from agent.manifests.presentable import more_problems
from agent.manifests.references import references
from agent.manifests.templates import container_steps, pod_spec_of
from agent.model.objects.fleet import AnyObject
from agent.model.objects.meta import Declared, ObjectKey
from agent.model.origin import Location, Origin
from agent.model.problem import Problem
from agent.model.typed import prepare

prepare(*KINDS.values())


def parse_file(path: str, content: bytes) -> ParsedFile:
    """Return the objects that a file declares, and everything that is wrong with it by itself."""
    nodes, faults = read_nodes(content)
    problems = _bounded([fault_problem(path, fault) for fault in faults])
    objects: list[ParsedObject] = []
    complete = not faults
    for number, node in enumerate(nodes):
        parsed, found = _object(path, number, node)
        problems.extend(found)
        if parsed is None:
            complete = False
        else:
            objects.append(parsed)
    return ParsedFile(objects=tuple(objects), problems=tuple(problems), documents=len(nodes), complete=complete)


def _object(path: str, number: int, node: Node) -> tuple[ParsedObject | None, list[Problem]]:
    kind = kind_of(node)
    if isinstance(kind, Finding):
        return None, finding_problems(path, node, [kind])
    conformed = conform(node, kind, KINDS[kind])
    body, findings = conformed.body, conformed.findings
    if body is not None:
        findings.extend(conformed.further(check(body)))
    problems = finding_problems(path, node, findings)
    key = _key(node, kind)
    if key is None:
        return None, problems
    name_place = _location(path, node.value_mark(("metadata", "name")))
    if body is None:
        return ParsedObject(key=key, location=name_place), problems
    body = with_defaults(body)
    # What is wrong in metadata may be the namespace, and with it all that a reference means.
    needs = () if ("metadata",) in conformed.doubtful else tuple(_references(path, node, body))
    parsed = ParsedObject(key=key, location=name_place, references=needs)
    return parsed if problems else _declared(path, number, node, body, parsed), problems


def _declared(path: str, number: int, node: Node, body: AnyObject, parsed: ParsedObject) -> ParsedObject:
    """Add what only an object without problems has."""
    origin = Origin(file=path, document=number, line=node.mark.line, column=node.mark.column)
    declared = Declared(key=parsed.key, body=body, origin=origin)
    return replace(
        parsed,
        declared=declared,
        host_ports=tuple(_host_ports(path, node, body)),
        containers=tuple(_containers(path, node, body)),
    )


def _key(node: Node, kind: str) -> ObjectKey | None:
    """Return what identifies an object, as far as an invalid one says so."""
    metadata = node.data.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    namespace = metadata.get("namespace") if isinstance(metadata, dict) else None
    if not isinstance(name, str) or not name:
        return None
    if kind in CLUSTER_SCOPED:
        return ObjectKey(kind=kind, namespace="", name=name)
    return ObjectKey(kind=kind, namespace=namespace if isinstance(namespace, str) else DEFAULT_NAMESPACE, name=name)


def _references(path: str, node: Node, body: AnyObject) -> Iterator[Reference]:
    for needed in references(body):
        steps = needed.steps
        place = node.value_mark(_naming(node, needed.kind, needed.key, steps))
        location = _location(path, place)
        yield Reference(
            kind=needed.kind,
            name=needed.name,
            key=needed.key,
            location=location,
            path=show_path(steps),
            hint=needed.hint,
        )


def _naming(node: Node, kind: str, key: str, steps: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """Return the path of the very text that names what is needed."""
    for field in ("key",) if key else ("name", "secretName"):
        if kind in ("ConfigMap", "Secret") and node.descend(steps).child(field) is not None:
            return (*steps, field)
    return steps


def _host_ports(path: str, node: Node, body: AnyObject) -> Iterator[HostPort]:
    found = pod_spec_of(body)
    if found is None:
        return
    spec, at = found
    for port, protocol, address, steps in host_ports(spec, at):
        location = _location(path, node.value_mark(steps))
        yield HostPort(port=port, protocol=protocol, address=address, location=location, path=show_path(steps))


def _containers(path: str, node: Node, body: AnyObject) -> Iterator[Location]:
    found = pod_spec_of(body)
    if found is not None:
        for steps in container_steps(*found):
            yield _location(path, node.value_mark(steps))


def finding_problems(path: str, node: Node, findings: Iterable[Finding]) -> list[Problem]:
    """Return findings in one object as problems with their places."""
    shown = _title(node)
    problems = [
        Problem(
            location=_location(path, _mark(node, finding)),
            rule=finding.rule,
            message=finding.message,
            object=shown,
            path=show_path(finding.steps),
            hint=finding.hint,
            related=() if finding.also is None else (_location(path, node.value_mark(finding.also)),),
        )
        for finding in findings
    ]
    return _bounded(problems)


def _bounded(problems: list[Problem]) -> list[Problem]:
    problems.sort()
    if len(problems) <= MAX_PROBLEMS_PER_DOCUMENT:
        return problems
    return [*problems[:MAX_PROBLEMS_PER_DOCUMENT], more_problems(problems[MAX_PROBLEMS_PER_DOCUMENT])]


def _mark(node: Node, finding: Finding) -> Mark:
    return node.key_mark(finding.steps) if finding.at_key else node.value_mark(finding.steps)


def _title(node: Node) -> str:
    if not isinstance(node.data, dict) or not isinstance(node.data.get("kind"), str):
        return ""
    kind = str(node.data["kind"])[:60]
    key = _key(node, kind)
    return kind if key is None else str(key)


def fault_problem(path: str, fault: Fault) -> Problem:
    """Return a fault of a file as a problem."""
    return Problem(
        location=_location(path, fault.mark),
        rule=fault.rule,
        message=fault.message,
        hint=fault.hint,
        related=tuple(_location(path, mark) for mark in fault.related),
    )


def _location(path: str, mark: Mark) -> Location:
    return Location(file=path, line=mark.line, column=mark.column)
