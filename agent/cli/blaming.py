"""Causes that point at the very line that asks for a change, and at whoever wrote it."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

from msgspec.structs import replace

from agent.manifests import locate
from agent.model.action import Action
from agent.model.cause import Commit
from agent.model.objects.fleet import Fleet
from agent.model.origin import Blob, Location
from agent.model.plan import HostPlan
from agent.ports import Blame, PortError, Source

_AT_ONCE = 8
"""Lines that are looked up side by side: each is a process of git."""


def blame_plans(source: Source, fleet: Fleet, plans: Mapping[str, HostPlan]) -> Mapping[str, HostPlan]:
    """Return plans whose causes are led back to a line and its commit, as far as the source can tell."""
    lines = dict(_lines(source, fleet, plans))
    wanted = sorted(set(lines.values()))
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        found = dict(zip(wanted, pool.map(lambda line: _blame(source, fleet, line), wanted), strict=True))

    def refined(action: Action) -> Action:
        cause = action.cause
        if not isinstance(cause, Commit) or (line := lines.get(_identity(action, cause))) is None:
            return action
        cause, blame = replace(cause, location=line, path=_path(action, cause)), found[line]
        if blame is not None:
            cause = replace(cause, revision=blame.revision, author=blame.author, subject=blame.subject)
        return replace(action, cause=cause)

    return {
        host: replace(plan, actions=tuple(refined(action) for action in plan.actions)) for host, plan in plans.items()
    }


_Identity = tuple[Location, str]


def _identity(action: Action, cause: Commit) -> _Identity:
    return cause.location, _path(action, cause)


def _path(action: Action, cause: Commit) -> str:
    """Return the value that asks for it: the first one that changes below the cause's path, else that path itself."""
    changed = (one.path for one in action.differences if one.live is not None and one.path.startswith(cause.path))
    return next(changed, cause.path)


def _lines(source: Source, fleet: Fleet, plans: Mapping[str, HostPlan]) -> Iterator[tuple[_Identity, Location]]:
    """Find the line of every value that asks for something; each is looked for once."""
    causes = {
        _identity(action, action.cause): action.cause
        for plan in plans.values()
        for action in plan.actions
        if isinstance(action.cause, Commit) and action.cause.object in fleet.objects
    }
    if not causes:
        return
    try:
        blobs = {blob.path: blob for blob in source.tree(fleet.revision)}
        files = {cause.location.file for cause in causes.values()} & set(blobs)
        contents = _contents(source, fleet, [blobs[file] for file in sorted(files)])
    except PortError:
        return  # a plan without its lines is still a plan
    for (location, path), cause in causes.items():
        origin = fleet.objects[cause.object].origin
        if path and location.file == origin.file and origin.file in contents:
            content = contents[origin.file]
            # A Secret's values may be written as stringData; the place that is not there falls back to the beginning.
            written = (path, path.replace("data.", "stringData.", 1)) if cause.object.kind == "Secret" else (path,)
            mark = max((locate(content, origin.document, one) for one in written), key=lambda mark: mark.line)
            yield (location, path), Location(file=origin.file, line=mark.line, column=mark.column)
        elif location.file in contents:
            yield (location, path), location


def _contents(source: Source, fleet: Fleet, blobs: list[Blob]) -> Mapping[str, bytes]:
    read = source.read(fleet.revision, blobs)
    return {blob.path: read[blob.id] for blob in blobs}


def _blame(source: Source, fleet: Fleet, line: Location) -> Blame | None:
    try:
        return source.blame(fleet.revision, line)
    except PortError:
        return None
