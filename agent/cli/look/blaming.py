"""Causes that point at the very line that asks for a change, and at whoever wrote it."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

from msgspec.structs import replace

from agent.manifests import locate
from agent.model.action import Action
from agent.model.cause import Commit
from agent.model.objects.fleet import Fleet
from agent.model.objects.meta import PodKey
from agent.model.origin import Blob, Location
from agent.model.plan import HostPlan
from agent.planner.behind import entry_behind
from agent.ports import Blame, PortError, Source

_AT_ONCE = 8
"""Lines that are looked up side by side: each is a process of git."""


def blame_plans(
    source: Source, fleet: Fleet, plans: Mapping[str, HostPlan], predecessors: Mapping[PodKey, PodKey]
) -> Mapping[str, HostPlan]:
    """Return plans whose causes are led back to a line and its commit, as far as the source can tell.

    ``predecessors`` tells by pod which one it takes over from: that one goes for the line that asks for the new one.
    """
    plans = {
        host: replace(plan, actions=tuple(_asked_for(action, fleet) for action in plan.actions))
        for host, plan in plans.items()
    }
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

    refinement = {
        host: replace(plan, actions=tuple(refined(action) for action in plan.actions)) for host, plan in plans.items()
    }
    return _with_successors(refinement, predecessors)


def _asked_for(action: Action, fleet: Fleet) -> Action:
    """Lead a change back to the entry of a ConfigMap or Secret, where nothing else but what is read from it changes."""
    cause = action.cause
    changed = [one.path for one in action.differences if one.live is not None and one.desired is not None]
    if not isinstance(cause, Commit) or len(changed) != sum(one.live is not None for one in action.differences):
        return action
    # Variables are expanded in a command and its arguments: these change along.
    plain = [path for path in changed if not path.endswith((".command", ".args"))]
    behind = [entry_behind(fleet, cause.object, path) for path in plain]
    if not behind or (entry := behind[0]) is None or None in behind:
        return action
    told = replace(
        cause,
        object=entry.object,
        location=fleet.objects[entry.object].origin.location if entry.object in fleet.objects else cause.location,
        path=f"data.{entry.key}",
        summary=f"{entry.object.kind} {entry.object.name} key {entry.key} changed",
    )
    return replace(action, cause=told)


def _with_successors(plans: Mapping[str, HostPlan], predecessors: Mapping[PodKey, PodKey]) -> Mapping[str, HostPlan]:
    """Return plans in which a pod that is replaced goes for the line that asks for its successor."""
    asked = {
        predecessors[action.pod]: action.cause
        for plan in plans.values()
        for action in plan.actions
        if action.pod in predecessors and isinstance(action.cause, Commit)
    }

    def told(action: Action) -> Action:
        cause, newer = action.cause, asked.get(action.pod)
        if newer is None or action.verb != "remove" or not isinstance(cause, Commit):
            return action
        return replace(action, cause=replace(newer, summary=cause.summary))

    return {host: replace(plan, actions=tuple(told(action) for action in plan.actions)) for host, plan in plans.items()}


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
