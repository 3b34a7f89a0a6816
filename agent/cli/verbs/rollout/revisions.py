"""The pod templates that an object had, as git remembers them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from agent.manifests.editing import objects_in
from agent.model.objects.meta import ObjectKey
from agent.model.origin import Blob, Revision
from agent.model.value import Value
from agent.ports import Permanent
from agent.source import GitSource

CHANGE_CAUSE: Final = "kubernetes.io/change-cause"


class TemplateRevision(Value, frozen=True, kw_only=True):
    """A pod template, the commit that brought it, and its number, counted from the oldest that is known."""

    number: int
    commit: Revision
    template: Mapping[str, Any]
    cause: str


def revisions(source: GitSource, head: Revision, key: ObjectKey, path: str) -> Sequence[TemplateRevision]:
    """Return an object's templates up to a revision, in which its file is ``path``, oldest first. Raises PortError.

    A file that could not be read as YAML at some commit is passed over: such a commit was never in force.
    """
    found: list[TemplateRevision] = []
    for commit, body in reversed(list(_bodies(source, head, key, path))):
        template = body["spec"]["template"]
        if not found or template != found[-1].template:
            annotations = body["metadata"].get("annotations") or {}
            cause = str(annotations.get(CHANGE_CAUSE, ""))
            found.append(TemplateRevision(number=len(found) + 1, commit=commit, template=template, cause=cause))
    return found


def chosen(known: Sequence[TemplateRevision], wanted: str) -> TemplateRevision:
    """Return the revision of a number, or of a commit that begins so. Raises Permanent where there is none."""
    for one in known:
        if wanted == str(one.number) or (len(wanted) > 6 and one.commit.id.startswith(wanted.lower())):
            return one
    numbers = f"1 to {len(known)}" if len(known) > 1 else "only 1"
    raise Permanent(f"unable to find revision {wanted}", hint=f"there are {numbers}; see `trimtab rollout history`")


def _bodies(source: GitSource, head: Revision, key: ObjectKey, path: str) -> Iterator[tuple[Revision, dict[str, Any]]]:
    """Yield an object as each commit left it, newest first, through files that it moved between."""
    for commit in source.history(head):
        here = next((one for one in commit.changed if one.path == path), None)
        if here is None:
            continue
        after, _ = _object(source, head, here.after, key)
        if after is not None:
            yield commit.revision, after
        before, readable = _object(source, head, here.before, key)
        if before is not None or not readable:
            continue
        others = [(one.path, *_object(source, head, one.before, key)) for one in commit.changed if one.path != path]
        moved = [other for other, body, _ in others if body] + [other for other, _, readable in others if not readable]
        if not moved:
            return
        path = moved[0]


def _object(source: GitSource, head: Revision, blob: Blob | None, key: ObjectKey) -> tuple[dict[str, Any] | None, bool]:
    """Return what a file says of an object, None where it says nothing; and whether all of it can be read."""
    if blob is None or blob.symlink:
        return None, True
    bodies, readable = objects_in(source.read(head, [blob])[blob.id], key)
    templated = (body for body in bodies if isinstance(body.get("spec"), dict) and "template" in body["spec"])
    return next(templated, None), readable
