"""How verbs change the source: an object's manifest is edited, checked with all others, committed and pushed."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from agent.cli.errors import complain
from agent.cli.naming import declared_in
from agent.cli.render.patch import patch_lines
from agent.cli.wiring import open_source
from agent.manifests import Cache, Loaded, load
from agent.manifests.editing import read_object, rewrite
from agent.manifests.report import render_text
from agent.model.objects.agent import AgentConfig
from agent.model.objects.fleet import AnyObject, Fleet
from agent.model.objects.meta import Declared, ObjectKey
from agent.model.origin import Blob, Revision
from agent.model.value import Value
from agent.ports import Permanent, PortError, Source
from agent.source.pushing import Change, Pushed, newest, publish

DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Print the change as a patch, and change nothing.", show_default=False)
]
Branch = Annotated[
    str,
    typer.Option("--branch", metavar="NAME", help="Push to this branch, for a pull request.", show_default=False),
]


class Wish(Value, frozen=True, kw_only=True):
    """What an object shall say, the commit's subject, and what kubectl would say when it is done."""

    data: Mapping[str, Any]
    subject: str
    done: str


class Edit(Value, frozen=True, kw_only=True):
    """A wish worked out on one revision: the file that changes. ``path`` is empty when it says so already."""

    wish: Wish
    path: str = ""
    document: int = 0
    before: bytes = b""
    after: bytes = b""


Wishing = Callable[[Fleet, Declared[AnyObject], dict[str, Any]], Wish]
"""Says what becomes of an object of a fleet, given as it is written, too. Raises Permanent to refuse."""


@contextmanager
def refusals() -> Iterator[None]:
    """End as kubectl does when something cannot be done: what and why on standard error, exit code 1."""
    try:
        yield
    except PortError as error:
        complain(str(error), hint=error.hint)
        raise typer.Exit(1) from error


def change(config: AgentConfig, key: ObjectKey, wishing: Wishing, *, dry_run: bool, branch: str) -> Pushed | None:
    """Bring a wish into the source and say so; return what was pushed. Raises PortError.

    None when the source says so already, or for a dry run, which prints the patch.
    """
    source, spec = open_source(config), config.spec.source
    edits: list[Edit] = []

    def made(revision: Revision) -> Change | None:
        edits.append(_edit(source, revision, key, wishing))
        if not edits[-1].path:
            return None
        message = f"{edits[-1].wish.subject}\n\nBy trimtab, in {edits[-1].path}.\n"
        return Change(files={edits[-1].path: edits[-1].after}, message=message)

    if dry_run:
        made(newest(spec, source, branch=branch))
        _show_patch(edits[-1])
        return None
    pushed = publish(spec, source, made, branch=branch)
    typer.echo(edits[-1].wish.done if pushed else f"{edits[-1].wish.done} already, nothing to commit")
    if pushed:
        typer.echo(f"commit {pushed.commit.short} on branch {pushed.branch}")
    return pushed


def _show_patch(edit: Edit) -> None:
    if not edit.path:
        typer.echo(f"{edit.wish.done} already, nothing to commit", err=True)
        return
    for line in patch_lines(edit.path, edit.document, edit.before, edit.after):
        typer.echo(line)
    typer.echo(f"{edit.wish.done} (dry run)", err=True)


def _edit(source: Source, revision: Revision, key: ObjectKey, wishing: Wishing) -> Edit:
    """Work a wish out on a revision. What comes out is checked as a whole source is. Raises Permanent."""
    blobs, cache = source.tree(revision), Cache()
    fleet = _good(load(revision, blobs, lambda some: source.read(revision, some), cache), f"revision {revision.short}")
    declared = declared_in(fleet, key)
    path, document = declared.origin.file, declared.origin.document
    blob = next(blob for blob in blobs if blob.path == path)
    before = source.read(revision, [blob])[blob.id]
    data = read_object(before, document)
    wish = wishing(fleet, declared, data)
    try:
        after = rewrite(before, document, wish.data)
    except Permanent as refusal:
        raise Permanent(f"{declared.origin.location}: {refusal}", hint=refusal.hint) from refusal
    if after == before:
        return Edit(wish=wish)
    edited = Blob(path=path, id="edited", size=len(after))

    def read(some: Sequence[Blob]) -> Mapping[str, bytes]:
        old = [one for one in some if one.id != edited.id]
        return {**source.read(revision, old), edited.id: after}

    _good(load(revision, [edited if one is blob else one for one in blobs], read, cache), "what would be committed")
    return Edit(wish=wish, path=path, document=document, before=before, after=after)


def _good(loaded: Loaded, what: str) -> Fleet:
    if loaded.fleet is None:
        raise Permanent(f"{what} is not right:\n{render_text(loaded.problems)}", hint="nothing was pushed")
    return loaded.fleet
