from collections.abc import Callable
from enum import StrEnum
from typing import Annotated

import typer

from agent.cli import options
from agent.cli.complete import complete_kinds
from agent.cli.config import open_config
from agent.cli.kinds import CLUSTER_SCOPED, kind_named
from agent.cli.render import get_object
from agent.cli.render.get import Entry
from agent.cli.render.get import render as render_table
from agent.cli.render.status_report import StatusReport
from agent.cli.standing import fleet_in_force, standing
from agent.cli.wiring import open_source
from agent.model.objects.fleet import Fleet
from agent.ports import Permanent

app = typer.Typer(add_completion=False)


class Output(StrEnum):
    """How objects are shown."""

    table = "table"
    wide = "wide"
    json = "json"
    yaml = "yaml"


@app.command()
def get(
    kind: Annotated[
        str, typer.Argument(metavar="KIND", help="pods, deployments, hosts, …", autocompletion=complete_kinds)
    ],
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Only this one.")] = None,
    *,
    namespace: options.Namespace = "default",
    all_namespaces: Annotated[bool, typer.Option("--all-namespaces", "-A", help="Of every namespace.")] = False,
    output: Annotated[Output, typer.Option("--output", "-o", help="The form.")] = Output.table,
    config: options.Config = None,
) -> None:
    """List objects as kubectl does: pods (po), deployments (deploy), hosts, configmaps (cm), secrets, namespaces (ns).

    Secrets show their keys, never their content.
    """
    kind, name = _parts(kind, name)
    settings = open_config(config)
    everywhere = all_namespaces or kind in CLUSTER_SCOPED
    report = standing(settings)
    found = [
        entry
        for entry in _ENTRIES.get(kind, _objects)(kind, report, lambda: fleet_in_force(settings, open_source(settings)))
        if (everywhere or entry.namespace == namespace) and name in (None, entry.name)
    ]
    if name is not None and not found:
        where = "" if everywhere else f" in namespace {namespace}"
        raise Permanent(f"there is no {kind} {name!r}{where}", hint=f"`trimtab get {kind.lower()} -A` lists all")
    match output:
        case Output.json:
            typer.echo(get_object.render_json(found, single=name is not None))
        case Output.yaml:
            typer.echo(get_object.render_yaml(found, single=name is not None))
        case _ if found:
            wide, namespaces = output is Output.wide, all_namespaces and kind not in CLUSTER_SCOPED
            typer.echo(render_table(kind, found, now=report.now, wide=wide, namespaces=namespaces))
        case _:
            where = "" if everywhere else f" in namespace {namespace}"
            typer.echo(f"No {kind} found{where}.", err=True)


def _parts(kind: str, name: str | None) -> tuple[str, str | None]:
    """Return the kind and name that are meant: ``deploy web`` or ``deploy/web``."""
    written, slash, rest = kind.partition("/")
    if slash and name is not None:
        raise Permanent(f"{kind!r} names an object already", hint=f"trimtab get {kind}")
    return kind_named(written), rest if slash else name


Declaring = Callable[[], Fleet]


def _pods(_kind: str, report: StatusReport, _declaring: Declaring) -> list[Entry]:
    pods = sorted((pod for status in report.snapshot.fleet.statuses for pod in status.pods), key=lambda pod: pod.key)
    return [Entry(namespace=pod.key.namespace, name=pod.key.name, pod=pod) for pod in pods]


def _hosts(_kind: str, report: StatusReport, declaring: Declaring) -> list[Entry]:
    states = {host.name: host for host in report.snapshot.hosts}
    return [
        Entry(
            namespace="",
            name=key.name,
            body=declared.body,
            host=states.get(key.name),
            host_pods=tuple(report.pods_of(key.name)),
        )
        for key, declared in sorted(declaring().objects.items())
        if key.kind == "Host"
    ]


def _objects(kind: str, report: StatusReport, declaring: Declaring) -> list[Entry]:
    statuses = {status.key: status for status in report.snapshot.fleet.statuses}
    declared = {key: one.body for key, one in declaring().objects.items() if key.kind == kind}
    derived = {key for key in statuses if key.kind == kind}
    return [
        Entry(namespace=key.namespace, name=key.name, body=declared.get(key), status=statuses.get(key))
        for key in sorted(derived | set(declared))
    ]


_ENTRIES: dict[str, Callable[[str, StatusReport, Declaring], list[Entry]]] = {"Pod": _pods, "Host": _hosts}
