from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated

import typer

from agent.cli import options
from agent.cli.complete import complete_hosts
from agent.cli.config import open_config
from agent.cli.look.everything import chosen, hosts_of, read_fleet
from agent.cli.look.standing import fleet_in_force
from agent.cli.render.checks import checks_lines, healthy
from agent.cli.render.words import counted
from agent.cli.terminal import paint
from agent.cli.wiring import examine_host, open_source
from agent.model.objects.agent import AgentConfig
from agent.model.objects.fleet import Fleet
from agent.ports import Permanent, PortError

app = typer.Typer(add_completion=False)


@app.command()
def doctor(
    hosts: Annotated[
        list[str] | None, typer.Argument(metavar="[HOST]...", help="Which ones.", autocompletion=complete_hosts)
    ] = None,
    config: options.Config = None,
) -> None:
    """Check that hosts are fit to run pods: each line ok, or the problem and what to do. Changes nothing.

    Exit code 0: no problems. 1: problems. 2: it could not run.
    """
    settings = open_config(config)
    examined = chosen(hosts_of(_newest(settings)), hosts or [])
    if not examined:
        raise Permanent("the source declares no host", hint="add one: trimtab host add USER@ADDRESS")
    with ThreadPoolExecutor(settings.spec.limits.connections) as pool:
        found = list(pool.map(lambda host: examine_host(host.body, settings), examined))
    brush = paint()
    for host, checks in zip(examined, found, strict=True):
        typer.echo(brush(host.body.metadata.name, "strong"))
        for line in checks_lines(checks, brush):
            typer.echo(line)
    count = Counter(check.status for checks in found for check in checks)
    sums = f"{counted(count['problem'], 'problem')}, {counted(count['warning'], 'warning')}"
    typer.echo(f"\n{counted(len(examined), 'host')} examined: {sums}")
    raise typer.Exit(0 if all(map(healthy, found)) else 1)


def _newest(config: AgentConfig) -> Fleet:
    """Return the newest revision's objects; when it is not right, those of the one in force: its hosts matter too."""
    source = open_source(config)
    try:
        source.fetch()
        return read_fleet(source, source.resolve())
    except PortError as error:
        try:
            return fleet_in_force(config, source)
        except PortError:
            raise error from None
