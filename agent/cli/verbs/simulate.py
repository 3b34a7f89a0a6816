from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer
from typer.core import TyperCommand

from agent.cli import options
from agent.cli.config import open_config
from agent.cli.look.supposing import Reader, as_it_stands, events_of, happening, seconds
from agent.cli.render import simulation_json, simulation_text
from agent.cli.terminal import paint
from agent.model.plan import FingerprintKey
from agent.ports import Permanent
from agent.simulator.whatif import Answer, Question, ask

app = typer.Typer(add_completion=False)

_KEY: Final = FingerprintKey(value=b"simulated".ljust(32))
"""Nothing that is fingerprinted with it is ever shown."""
_MONDAY: Final = 1_704_067_200.0
"""Monday, 1 January 2024, 00:00 UTC: when a simulation of hosts that are not there begins, the same for everybody."""


class Output(StrEnum):
    """How an answer is shown."""

    text = "text"
    json = "json"


_RENDERERS: dict[Output, Callable[[Answer], str]] = {
    Output.text: lambda answer: simulation_text.render(answer, paint()),
    Output.json: simulation_json.render,
}


class _InOrder(TyperCommand):
    """Remembers in which order events and their times were given: ``--at`` is about the event before it."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override] # as in app.py
        """Note the events, each with what its ``--at`` says, before they are told apart."""
        ctx.obj = events_of(args)
        return super().parse_args(ctx, args)


@app.command(cls=_InOrder)
def simulate(
    ctx: typer.Context,
    path: Annotated[
        Path | None, typer.Argument(metavar="[PATH]", help="A working folder, committed or not, instead of a commit.")
    ] = None,
    *,
    revision: options.Revision = None,
    live: Annotated[bool, typer.Option("--live", help="Begin with what the hosts run now.")] = False,
    hosts: Annotated[
        int | None, typer.Option("--hosts", metavar="N", min=1, max=1000, help="N hosts, all alike, instead of yours.")
    ] = None,
    fail: Annotated[list[str] | None, typer.Option("--fail", metavar="HOST", help="A host loses its power.")] = None,
    back: Annotated[list[str] | None, typer.Option("--return", metavar="HOST", help="It has power again.")] = None,
    drain: Annotated[list[str] | None, typer.Option("--drain", metavar="HOST", help="A host is drained.")] = None,
    change: Annotated[
        list[str] | None, typer.Option("--change", metavar="PATH|REF", help="Another folder or commit is pushed.")
    ] = None,
    at: Annotated[
        list[str] | None, typer.Option("--at", metavar="T", help="When what stands before it happens.  (default: 1m)")
    ] = None,
    span: Annotated[str, typer.Option("--for", metavar="T", help="How long to go on.")] = "30m",
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Who goes first where that is open.")] = 0,
    output: Annotated[Output, typer.Option("--output", "-o", help="The form.")] = Output.text,
    config: options.Config = None,
) -> None:
    """Show what would happen: the real planners and loops, on simulated hosts, faster than time. Touches nothing.

    Events are given with their times: --fail edge-1 --at 5m --return edge-1 --at 20m. Each may be given again.

    Exit code 0: every promise of availability is kept. 1: one is broken. 2: could not run.
    """
    del fail, back, drain, change, at  # in their order they stand in the context
    if path is not None and revision is not None:
        raise Permanent("a folder has no revisions", hint="give PATH or --revision, not both")
    if live and hosts is not None:
        raise Permanent("--hosts are not there, and --live ones are", hint="give one of the two")
    settings = open_config(config) if live or path is None else None
    read = Reader(settings, hosts)
    fleet = read.folder(path) if path is not None else read.commit(revision)
    question = Question(
        agent=settings.metadata.name if settings is not None else "simulated",
        fleet=fleet,
        key=_KEY,
        start=_MONDAY,
        seconds=seconds(span, "--for"),
        happenings=tuple(happening(event, fleet, read) for event in ctx.obj),
        seed=seed,
    )
    answer = ask(as_it_stands(question, settings) if live and settings is not None else question)
    typer.echo(_RENDERERS[output](answer))
    raise typer.Exit(1 if answer.broken else 0)
