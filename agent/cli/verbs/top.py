import time
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Annotated

import typer

from agent.cli import options
from agent.cli.complete import complete_named
from agent.cli.config import open_config
from agent.cli.errors import complain
from agent.cli.look.everything import asked_of_each, hosts_of, late, look_limit
from agent.cli.look.standing import fleet_in_force
from agent.cli.render import top as rendering
from agent.cli.render.top import Measured, container_rows, host_rows, pod_rows
from agent.cli.selecting import label_matcher
from agent.cli.wiring import open_host, open_source
from agent.hosts.host import ContainerdHost
from agent.model.objects.agent import AgentConfig
from agent.ports import Permanent, PortError, Temporary

app = typer.Typer(add_completion=False)

_BETWEEN_SAMPLES = 1.0


class What(StrEnum):
    """Whose use is shown."""

    hosts = "hosts"
    pods = "pods"


class By(StrEnum):
    """What rows are sorted by, most first."""

    name = "name"
    cpu = "cpu"
    memory = "memory"


@app.command()
def top(
    what: Annotated[str, typer.Argument(metavar="hosts|pods", help="Whose use.")],
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", autocompletion=complete_named)] = None,
    *,
    namespace: options.Namespace = "default",
    all_namespaces: Annotated[bool, typer.Option("--all-namespaces", "-A", help="Of every namespace.")] = False,
    selector: options.Selector = None,
    containers: Annotated[bool, typer.Option("--containers", help="Each container of the pods.")] = False,
    sort_by: Annotated[By, typer.Option("--sort-by", help="Most first.")] = By.name,
    config: options.Config = None,
) -> None:
    """Show what hosts and pods use: CPU over a second, and memory."""
    wanted = _WHAT.get(what.lower())
    if wanted is None:
        raise Permanent(f"{what!r} has no use to show", hint="trimtab top hosts, trimtab top pods")
    settings, matches = open_config(config), label_matcher(selector)
    measured = _measure(settings)
    if wanted is What.hosts:
        rows = [row for row in host_rows(measured) if name in (None, row.name)]
    else:
        make = container_rows if containers else pod_rows
        rows = [
            row
            for row in make(measured, settings.metadata.name)
            if (all_namespaces or row.namespace == namespace) and name in (None, row.name) and matches(row.labels)
        ]
    if name is not None and not rows:
        raise Permanent(f"nothing that runs is called {name!r}", hint="`trimtab get pods -A` lists all")
    if sort_by is not By.name:
        rows.sort(key=lambda row: -(row.cpu_millis if sort_by is By.cpu else row.memory_bytes))
    typer.echo(rendering.render(wanted.value, rows, namespaces=all_namespaces, containers=containers))


_WHAT: Mapping[str, What] = {
    **dict.fromkeys(("hosts", "host", "nodes", "node", "no"), What.hosts),
    **dict.fromkeys(("pods", "pod", "po"), What.pods),
}


def _measure(settings: AgentConfig) -> Sequence[Measured]:
    """Take two samples of every host, side by side; a host that fails is said so and left out."""
    hosts = [open_host(host, settings) for host in hosts_of(fleet_in_force(settings, open_source(settings)))]
    limit = look_limit(settings) + _BETWEEN_SAMPLES
    found = asked_of_each(hosts, _sample, limit=limit, at_once=settings.spec.limits.connections)
    for host in hosts:
        result = found.get(host.name) or Temporary(f"{host.name}: {late(limit)}")
        host.close()
        if isinstance(result, PortError):
            complain(str(result), hint=result.hint)
    measured = [result for _, result in sorted(found.items()) if isinstance(result, Measured)]
    if hosts and not measured:
        raise typer.Exit(2)
    return measured


def _sample(host: ContainerdHost) -> Measured | PortError:
    try:
        seen, first = host.observe(), host.measure()
        time.sleep(_BETWEEN_SAMPLES)
        return Measured(host=host.name, seen=seen, first=first, second=host.measure())
    except PortError as error:
        return error
