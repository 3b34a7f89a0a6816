import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Annotated

import typer
from msgspec.structs import replace

from agent.cli import options
from agent.cli.config import open_config
from agent.cli.wiring import open_folder, open_source
from agent.manifests import Cache, Loaded, load
from agent.manifests.limits import MAX_FILE_BYTES
from agent.manifests.report import render_github, render_json, render_sarif, render_summary, render_text
from agent.manifests.selection import SUFFIXES
from agent.model.origin import Blob, Revision
from agent.ports import Permanent, Source

app = typer.Typer(add_completion=False)

_STDIN = "-"
_WORKTREE = Revision(id="worktree")

_Contents = Callable[[], bytes]


class Output(StrEnum):
    """How problems are shown."""

    text = "text"
    json = "json"
    sarif = "sarif"
    github = "github"


_RENDERERS: dict[Output, Callable[[Loaded], str]] = {
    Output.text: lambda loaded: "\n".join(filter(None, (render_text(loaded.problems), render_summary(loaded)))),
    Output.json: render_json,
    Output.sarif: lambda loaded: render_sarif(loaded.problems, version=installed_version("trimtab")),
    Output.github: lambda loaded: render_github(loaded.problems),
}


@app.command()
def validate(
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PATH]...", help="Folders, files, or - for standard input.  [default: .]"),
    ] = None,
    revision: options.Revision = None,
    output: Annotated[Output, typer.Option("--output", "-o", help="The form.")] = Output.text,
    config: options.Config = None,
) -> None:
    """Check manifests, and show every problem with its place.

    Folders are a whole source: what is referred to must be there, and a Host too. Files by themselves, and standard
    input, are a part of one: what they refer to may be elsewhere.

    Exit code 0: valid. 1: problems. 2: could not run.
    """
    if paths and revision is not None:
        raise Permanent("paths have no revisions", hint="give PATH or --revision, not both")
    loaded = _revision(open_source(open_config(config)), revision) if revision is not None else _paths(paths or ["."])
    shown = _RENDERERS[output](loaded)
    if shown:
        typer.echo(shown)
    raise typer.Exit(1 if loaded.problems else 0)


def _revision(source: Source, ref: str) -> Loaded:
    source.fetch()
    revision = source.resolve(ref)
    return load(revision, source.tree(revision), lambda blobs: source.read(revision, blobs), Cache())


def _paths(paths: Sequence[str]) -> Loaded:
    """Check all paths together, as one source; parts of one when there are only files."""
    whole = any(path != _STDIN and Path(path).is_dir() for path in paths)
    files: dict[str, tuple[Blob, _Contents]] = {}
    for path in paths:
        if path != _STDIN and Path(path).is_dir():
            found = _in_folder(Path(path))
        else:
            found = iter([_stdin() if path == _STDIN else _file(Path(path), any_suffix=not whole)])
        files |= {blob.path: (blob, contents) for blob, contents in found}
    blobs = sorted((blob for blob, _ in files.values()), key=lambda blob: blob.path)

    def read(wanted: Sequence[Blob]) -> Mapping[str, bytes]:
        return {blob.id: files[blob.path][1]() for blob in wanted}

    return load(_WORKTREE, blobs, read, Cache(), whole=whole)


def _in_folder(folder: Path) -> Iterator[tuple[Blob, _Contents]]:
    source = open_folder(folder)
    revision = source.resolve()
    for blob in source.tree(revision):
        # Problems then name files as they are found from here, and as annotations need them.
        shown = replace(blob, path=(folder / blob.path).as_posix())
        yield shown, lambda blob=blob: source.read(revision, [blob])[blob.id]  # type: ignore[misc] # a default binds it


def _file(path: Path, *, any_suffix: bool) -> tuple[Blob, _Contents]:
    if not (any_suffix or path.name.endswith(SUFFIXES)):
        raise Permanent(f"{path} is not named as a manifest", hint=f"manifests end in {', '.join(SUFFIXES)}")
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise Permanent(f"cannot read {path}: {error.strerror}", hint="name a folder, a file, or -") from error
    name = path.as_posix()
    return Blob(path=name, id=name, size=len(content)), lambda: content


def _stdin() -> tuple[Blob, _Contents]:
    content = sys.stdin.buffer.read(MAX_FILE_BYTES + 1)
    name = "<stdin>" + SUFFIXES[0]
    return Blob(path=name, id=name, size=len(content)), lambda: content
