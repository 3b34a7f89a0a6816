from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from agent.cli import options
from agent.cli.config import open_config
from agent.cli.look.everything import chosen, hosts_of, look_at, read_fleet
from agent.cli.wiring import open_folder, open_source, saved_state
from agent.ports import Permanent, Source

app = typer.Typer(add_completion=False)


class Output(StrEnum):
    """How a difference is shown."""

    text = "text"
    json = "json"
    markdown = "markdown"


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
    seen = look_at(settings, fleet, meanwhile=lambda: import_module("agent.cli.look.comparing"))
    from agent.cli.look.comparing import RENDERERS, compare  # noqa: PLC0415 - it brings the planner: see above

    state = saved_state(settings)
    let_in = fleet.revision.id in {state.in_force, *state.approved}
    report = compare(seen, source, shown, None if let_in else settings.spec.prune)
    typer.echo(RENDERERS[output](report))
    raise typer.Exit(report.exit_code)
