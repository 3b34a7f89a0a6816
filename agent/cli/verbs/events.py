import json
import time
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from agent.cli import options
from agent.cli.config import open_config
from agent.cli.render.event import event_json, event_line
from agent.cli.terminal import paint
from agent.journal.events_file import read_events
from agent.ports import Event

app = typer.Typer(add_completion=False)

_SHOWN = 50
_ALL = 1_000_000
_LOOK_EVERY = 0.5


class Output(StrEnum):
    """How events are shown."""

    text = "text"
    json = "json"


@app.command()
def events(
    config: options.Config = None,
    tail: Annotated[
        int | None,
        typer.Option("--tail", min=1, metavar="N", help=f"Only the newest N. (default: {_SHOWN}; all as JSON)"),
    ] = None,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Go on with what happens from now on.")] = False,
    output: Annotated[Output, typer.Option("--output", "-o", help="The form.")] = Output.text,
) -> None:
    """Show what happened: pods created and removed, drift repaired, revisions taken, refused and held."""
    folder = Path(open_config(config).spec.state_dir)
    found = read_events(folder, tail or (_ALL if output is Output.json else _SHOWN))
    if output is Output.json:
        typer.echo(json.dumps([event_json(event) for event in found], indent=2))
    else:
        _print(found)
        if not found and not watch:
            typer.echo("Nothing has happened yet.", err=True)
    if watch:
        _follow(folder, found[-1] if found else None, output)


def _print(found: Sequence[Event]) -> None:
    brush = paint()
    for event in found:
        typer.echo(event_line(event, brush))


def _follow(folder: Path, last: Event | None, output: Output) -> None:
    while True:
        time.sleep(_LOOK_EVERY)
        fresh = newer(read_events(folder, _ALL), last)
        if not fresh:
            continue
        last = fresh[-1]
        if output is Output.json:
            for event in fresh:
                typer.echo(json.dumps(event_json(event)))
        else:
            _print(fresh)


def newer(found: Sequence[Event], last: Event | None) -> Sequence[Event]:
    """Return what came after the event that was shown last; everything when that one is not kept any more."""
    at = next((index for index in range(len(found) - 1, -1, -1) if found[index] == last), -1)
    return found[at + 1 :]
