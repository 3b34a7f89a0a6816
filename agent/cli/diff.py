from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from agent.cli import options
from agent.cli.blaming import blame_plans
from agent.cli.config import open_config
from agent.cli.looking import chosen, hosts_of, look_at, read_fleet
from agent.cli.render import diff_json, diff_markdown, diff_text
from agent.cli.render.report import DiffReport, HostReport
from agent.cli.succession import succession
from agent.cli.terminal import paint
from agent.cli.wiring import open_folder, open_source
from agent.model.observation import Unseen
from agent.model.plan import FleetInput, Waiting
from agent.planner.rehearsal import rehearse
from agent.ports import Permanent, Source

app = typer.Typer(add_completion=False)


class Output(StrEnum):
    """How a difference is shown."""

    text = "text"
    json = "json"
    markdown = "markdown"


_RENDERERS: dict[Output, Callable[[DiffReport], str]] = {
    Output.text: lambda report: diff_text.render(report, paint()),
    Output.json: diff_json.render,
    Output.markdown: diff_markdown.render,
}


@app.command()
def diff(
    path: Annotated[
        Path | None, typer.Argument(metavar="[PATH]", help="A working folder, committed or not, instead of a commit.")
    ] = None,
    revision: options.Revision = None,
    host: options.Hosts = None,
    output: Annotated[Output, typer.Option("--output", "-o", help="The form.")] = Output.text,
    config: options.Config = None,
) -> None:
    """Show what apply would change on the hosts, and why: every field against what really runs. Changes nothing.

    Exit code 0: no differences. 1: differences. 2: an error, or a host that could not be seen.
    """
    if path is not None and revision is not None:
        raise Permanent("a folder has no revisions", hint="give PATH or --revision, not both")
    settings = open_config(config)
    source: Source = open_source(settings) if path is None else open_folder(path)
    source.fetch()
    fleet = read_fleet(source, source.resolve(revision))
    shown = [declared.body.metadata.name for declared in chosen(hosts_of(fleet), host or [])]
    # All hosts are looked at even when only some are shown: where a pod goes depends on every one.
    report = compare(look_at(settings, fleet), source, shown)
    typer.echo(_RENDERERS[output](report))
    raise typer.Exit(report.exit_code)


def compare(seen: FleetInput, source: Source, shown: Sequence[str]) -> DiffReport:
    """Rehearse what apply would do and lead every cause back to its line."""
    rehearsal = rehearse(seen)
    rollouts = succession(rehearsal, seen)
    wanted = {name: rollouts.plans[name] for name in shown}
    plans = blame_plans(source, seen.fleet, wanted, rollouts.predecessors)
    reports = []
    for name, plan in plans.items():
        observation = seen.observations[name]
        unseen = observation.reason if isinstance(observation, Unseen) else None
        reports.append(HostReport(host=name, plan=plan, unseen=unseen))
    cut_short = Waiting(reason="runtime", message="this was too long to rehearse to its end; more will follow")
    waiting = rehearsal.waiting if rehearsal.finished else (*rehearsal.waiting, cut_short)
    return DiffReport(
        revision=seen.fleet.revision,
        now=seen.now,
        hosts=tuple(reports),
        waiting=waiting,
        predecessors=rollouts.predecessors,
    )
