"""Causes that point at the very line that asks for a change, and at whoever wrote it."""

from collections.abc import Mapping

from msgspec.structs import replace

from agent.manifests import locate
from agent.model.action import Action
from agent.model.cause import Commit
from agent.model.objects.fleet import Fleet
from agent.model.origin import Blob, Location
from agent.model.plan import HostPlan
from agent.ports import Blame, PortError, Source


class Blamer:
    """Refines causes of one revision; what one line says is asked once."""

    def __init__(self, source: Source, fleet: Fleet) -> None:
        self._source = source
        self._fleet = fleet
        self._blobs: Mapping[str, Blob] | None = None
        self._contents: dict[str, bytes] = {}
        self._known: dict[Location, Blame | None] = {}

    def refine(self, plan: HostPlan) -> HostPlan:
        """Return the plan with every cause from git led back to its line and commit, as far as history reaches."""
        return replace(plan, actions=tuple(self._action(action) for action in plan.actions))

    def _action(self, action: Action) -> Action:
        cause = action.cause
        if not isinstance(cause, Commit) or cause.object not in self._fleet.objects:
            return action
        try:
            location = self._line(cause)
            blame = self._blame(location)
        except PortError:
            return action  # a plan without its author is still a plan
        refined = replace(cause, location=location)
        if blame is not None:
            refined = replace(refined, revision=blame.revision, author=blame.author, subject=blame.subject)
        return replace(action, cause=refined)

    def _line(self, cause: Commit) -> Location:
        origin = self._fleet.objects[cause.object].origin
        if not cause.path or cause.location.file != origin.file:
            return cause.location
        mark = locate(self._content(origin.file), origin.document, cause.path)
        return Location(file=origin.file, line=mark.line, column=mark.column)

    def _content(self, file: str) -> bytes:
        if file not in self._contents:
            revision = self._fleet.revision
            if self._blobs is None:
                self._blobs = {blob.path: blob for blob in self._source.tree(revision)}
            blob = self._blobs[file]
            self._contents[file] = self._source.read(revision, [blob])[blob.id]
        return self._contents[file]

    def _blame(self, location: Location) -> Blame | None:
        line = replace(location, column=1)
        if line not in self._known:
            self._known[line] = self._source.blame(self._fleet.revision, location)
        return self._known[line]
