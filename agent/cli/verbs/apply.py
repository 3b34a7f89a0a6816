import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from agent.cli import options
from agent.cli.config import open_config
from agent.cli.look.everything import established_key
from agent.cli.render.progress import ending, heading, host_lines
from agent.cli.service.logs import configure_log
from agent.cli.terminal import is_terminal
from agent.cli.wiring import SystemClock, host_factory, metrics_server, open_source, settings_of
from agent.journal import FileJournal, StateLock
from agent.model.duration import parse_duration
from agent.ports import Permanent
from agent.reconciler.once import Converged, converge_once
from agent.reconciler.reporting.snapshot import Snapshot

app = typer.Typer(add_completion=False)

Progress = Callable[[Snapshot], None]


@app.command()
def apply(
    revision: options.Revision = None,
    wait: Annotated[
        bool, typer.Option("--wait/--no-wait", help="Wait until everything is ready, or only until all is done.")
    ] = True,
    timeout: Annotated[str, typer.Option("--timeout", metavar="DURATION", help="How long at most: 90s, 5m.")] = "5m",
    config: options.Config = None,
) -> None:
    """Converge the hosts to a revision once, then exit.

    Exit code 0: converged. 1: not in time, with the reason for each pod. 2: it could not run.
    """
    limit = _seconds(timeout)
    settings = open_config(config)
    configure_log(sys.stderr)  # a fault of ours, too, is told without the values at hand: a Secret's may be among them
    state_dir = Path(settings.spec.state_dir)
    with StateLock(state_dir, settings.metadata.name), _progress() as progress:
        source = open_source(settings)
        key = established_key(settings, source)
        result = converge_once(
            source,
            host_factory(settings, key),
            clock=SystemClock(),
            journal=FileJournal(state_dir),
            settings=settings_of(settings, key, watched=False, ref=revision),
            metrics=metrics_server(settings),
            wait=wait,
            timeout=limit,
            progress=progress,
        )
    refuse_unless_run(result)
    for line in ending(result):
        typer.echo(line)
    raise typer.Exit(0 if result.converged else 1)


def refuse_unless_run(result: Converged) -> None:
    """Raise Permanent when nothing was even tried: no source, or a revision that is refused or held."""
    source, fleet = result.snapshot.source, result.snapshot.fleet
    if source.head is None or source.error:
        raise Permanent(source.error or "the source could not be read in time", hint=source.hint)
    if source.head.id == fleet.refused:
        problems = "\n".join(fleet.refused_why)
        raise Permanent(f"revision {source.head.short} is refused:\n{problems}", hint="correct it, commit, try again")
    if source.head.id == fleet.held:
        raise Permanent(
            f"revision {source.head.short} is held: {fleet.held_why}",
            hint=f"if that is meant: trimtab approve {source.head.short}, then apply again",
        )


def _seconds(written: str) -> float:
    try:
        return parse_duration(written)
    except ValueError as error:
        raise Permanent(f"--timeout: {error}") from error


@contextmanager
def _progress() -> Iterator[Progress]:
    """Show progress: in place on a terminal, else a line whenever a host has something new to tell."""
    if not is_terminal():
        yield _Lines().show
        return
    from rich.console import Console  # noqa: PLC0415 - only a terminal pays for it
    from rich.live import Live  # noqa: PLC0415 - same
    from rich.text import Text  # noqa: PLC0415 - same

    with Live(console=Console(highlight=False), transient=True) as live:
        yield lambda snapshot: live.update(Text("\n".join([heading(snapshot), *host_lines(snapshot).values()])))


class _Lines:
    """Progress for a log: prints what changed since the last time."""

    def __init__(self) -> None:
        self._shown: dict[str, str] = {}

    def show(self, snapshot: Snapshot) -> None:
        for name, line in host_lines(snapshot).items():
            if self._shown.get(name) != line:
                self._shown[name] = line
                typer.echo(line)
