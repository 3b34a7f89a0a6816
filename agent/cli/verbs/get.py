from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from functools import cache
from typing import Annotated

import typer
from msgspec.structs import replace

from agent.cli import options
from agent.cli.complete import complete_kinds, complete_named
from agent.cli.config import open_config
from agent.cli.kinds import ALL, CLUSTER_SCOPED, kind_named
from agent.cli.look.standing import fleet_in_force, standing
from agent.cli.naming import resource
from agent.cli.render import manifest
from agent.cli.render.get import Entry
from agent.cli.render.get import render as render_table
from agent.cli.render.status_report import StatusReport
from agent.cli.wiring import open_source
from agent.model.objects.fleet import Fleet
from agent.model.objects.meta import ObjectKey
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
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="Only this one.", autocompletion=complete_named)
    ] = None,
    *,
    namespace: options.Namespace = "default",
    all_namespaces: Annotated[bool, typer.Option("--all-namespaces", "-A", help="Of every namespace.")] = False,
    output: Annotated[Output, typer.Option("--output", "-o", help="The form.")] = Output.table,
    config: options.Config = None,
) -> None:
    """List objects as kubectl does: pods (po), deployments (deploy), hosts, … several as ``deploy,sts``, or ``all``.

    Secrets show their keys, never their content.
    """
    kinds, name = _parts(kind, name)
    settings = open_config(config)
    report = standing(settings)
    declaring = cache(lambda: fleet_in_force(settings, open_source(settings)))
    found = {
        one: [
            entry
            for entry in _ENTRIES.get(one, _objects)(one, report, declaring)
            if (all_namespaces or one in CLUSTER_SCOPED or entry.namespace == namespace) and name in (None, entry.name)
        ]
        for one in kinds
    }
    listed = [entry for entries in found.values() for entry in entries]
    where = "" if all_namespaces or kinds[0] in CLUSTER_SCOPED else f" in namespace {namespace}"
    if name is not None and not listed:
        raise Permanent(f"there is no {kinds[0]} {name!r}{where}", hint=f"`trimtab get {kind.lower()} -A` lists all")
    match output:
        case Output.json:
            typer.echo(manifest.render_json(listed, single=name is not None))
        case Output.yaml:
            typer.echo(manifest.render_yaml(listed, single=name is not None))
        case _ if listed:
            typer.echo(_tables(found, report.now, wide=output is Output.wide, namespaces=all_namespaces))
        case _:
            typer.echo(f"No {' or '.join(kinds)} found{where}.", err=True)


def _tables(found: Mapping[str, Sequence[Entry]], now: float, *, wide: bool, namespaces: bool) -> str:
    """Return a table for each kind of which there is something; of several, names say their kind."""
    tables = []
    for kind, entries in found.items():
        if entries:
            named = [replace(one, name=resource(_key(kind, one))) for one in entries] if len(found) > 1 else entries
            shows = namespaces and kind not in CLUSTER_SCOPED
            tables.append(render_table(kind, named, now=now, wide=wide, namespaces=shows))
    return "\n\n".join(tables)


def _key(kind: str, entry: Entry) -> ObjectKey:
    return ObjectKey(kind=kind, namespace=entry.namespace, name=entry.name)


def _parts(kind: str, name: str | None) -> tuple[tuple[str, ...], str | None]:
    """Return the kinds and the name that are meant: ``deploy web``, ``deploy/web``, ``deploy,sts`` or ``all``."""
    written, slash, rest = kind.partition("/")
    if slash and name is not None:
        raise Permanent(f"{kind!r} names an object already", hint=f"trimtab get {kind}")
    kinds = ALL if written.lower() == "all" else tuple(kind_named(one) for one in written.split(","))
    name = rest if slash else name
    if name is not None and len(kinds) > 1:
        raise Permanent(f"one name, and {len(kinds)} kinds", hint="name one kind, or leave the name out")
    return kinds, name


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
    declared = {key: one.written or one.body for key, one in declaring().objects.items() if key.kind == kind}
    derived = {key for key in statuses if key.kind == kind}
    return [
        Entry(namespace=key.namespace, name=key.name, body=declared.get(key), status=statuses.get(key))
        for key in sorted(derived | set(declared))
    ]


_ENTRIES: dict[str, Callable[[str, StatusReport, Declaring], list[Entry]]] = {"Pod": _pods, "Host": _hosts}
