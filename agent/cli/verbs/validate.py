import sys
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Annotated, NamedTuple

import typer
from msgspec.structs import replace

from agent.cli import options
from agent.cli.config import check_config, open_config
from agent.cli.wiring import open_folder, open_source
from agent.manifests import Cache, Loaded, load
from agent.manifests.limits import MAX_FILE_BYTES
from agent.manifests.objects import read_nodes
from agent.manifests.report import render_github, render_json, render_sarif, render_summary, render_text
from agent.manifests.selection import SUFFIXES
from agent.model.origin import Blob, Revision
from agent.ports import Permanent, Source

app = typer.Typer(add_completion=False)

_STDIN = "-"
_WORKTREE = Revision(id="worktree")


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
        typer.Argument(metavar="[PATH]...", help="Folders, files, or - for standard input.  (default: .)"),
    ] = None,
    revision: options.Revision = None,
    output: Annotated[Output, typer.Option("--output", "-o", help="The form.")] = Output.text,
    config: options.Config = None,
) -> None:
    """Check manifests, or an agent.yaml, and show every problem with its place.

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


class _Part(NamedTuple):
    """What one PATH brings: its files by the names that problems shall show, and what reads them."""

    files: Mapping[str, Blob]
    read: Callable[[Sequence[Blob]], Mapping[str, bytes]]


def _paths(paths: Sequence[str]) -> Loaded:
    """Check all paths together, as one source; as a part of one when there are only files.

    An agent's configuration is no part of a source: it is checked when it is named by itself.
    """
    if len(paths) == 1 and (checked := _configuration(paths[0])) is not None:
        return checked
    folders = [path for path in paths if path != _STDIN and Path(path).is_dir()]
    parts = [_folder(Path(path)) for path in folders]
    parts.extend(_file(path, in_source=bool(folders)) for path in paths if path not in folders)
    blobs = {shown: replace(blob, path=shown) for part in parts for shown, blob in part.files.items()}

    def read(wanted: Sequence[Blob]) -> Mapping[str, bytes]:
        contents: dict[str, bytes] = {}
        for part in parts:
            contents |= part.read([part.files[blob.path] for blob in wanted if blob.path in part.files])
        return contents

    return load(_WORKTREE, [blobs[path] for path in sorted(blobs)], read, Cache(), whole=bool(folders))


def _configuration(path: str) -> Loaded | None:
    """Check a file that is an agent's configuration; None for any other."""
    if path == _STDIN or not Path(path).is_file():
        return None
    content = _content(path)
    nodes, _ = read_nodes(content)
    if len(nodes) != 1 or not isinstance(nodes[0].data, dict) or nodes[0].data.get("kind") != "Agent":
        return None
    return Loaded(fleet=None, problems=check_config(Path(path), path, content), documents=1, files=1)


def _folder(folder: Path) -> _Part:
    source = open_folder(folder)
    revision = source.resolve()
    # Problems name files as they are found from here, which is also how annotations need them.
    files = {(folder / blob.path).as_posix(): blob for blob in source.tree(revision)}
    return _Part(files, lambda blobs: source.read(revision, blobs))


def _file(path: str, *, in_source: bool) -> _Part:
    if in_source and not path.endswith(SUFFIXES):
        raise Permanent(f"{path} is no file of a source", hint=f"manifests end in {', '.join(SUFFIXES)}")
    name = "<stdin>" if path == _STDIN else Path(path).as_posix()
    content = _content(path)
    blob = Blob(path=name, id=name, size=len(content))
    return _Part({name: blob}, lambda blobs: {blob.id: content for blob in blobs})


def _content(path: str) -> bytes:
    """Return what a file holds, or as much of it as shows that it is too large."""
    try:
        if path == _STDIN:
            return sys.stdin.buffer.read(MAX_FILE_BYTES + 1)
        with Path(path).open("rb") as file:
            return file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise Permanent(f"cannot read {path}: {error.strerror}", hint="name a folder, a file, or -") from error
