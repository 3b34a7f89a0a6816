from datetime import UTC, datetime
from typing import Annotated

import typer

from agent.cli import options
from agent.cli.changing import refusals
from agent.cli.config import open_config
from agent.cli.look.everything import read_fleet
from agent.cli.naming import declared_in, named, resource
from agent.cli.render.table import table
from agent.cli.verbs.rollout.revisions import TemplateRevision, chosen, revisions
from agent.cli.verbs.rollout.steering import ROLLED, Target
from agent.cli.wiring import open_source
from agent.manifests.editing import as_yaml
from agent.source.history import is_shallow


def history(
    target: Target,
    *,
    revision: Annotated[
        str | None, typer.Option("--revision", metavar="N", help="Show the pod template of this one.")
    ] = None,
    namespace: options.Namespace = "default",
    config: options.Config = None,
) -> None:
    """List the commits that changed a workload's pod template, newest last.

    CHANGE-CAUSE is the annotation kubernetes.io/change-cause as that commit has it.
    """
    with refusals():
        settings = open_config(config)
        source = open_source(settings)
        key = named(target, namespace, kinds=ROLLED, can="rolled out")
        source.fetch()
        head = source.resolve()
        declared = declared_in(read_fleet(source, head), key)
        known = revisions(source, head, key, declared.origin.file)
        if revision is not None:
            one = chosen(known, revision)
            typer.echo(f"{resource(key)} with revision #{one.number}, commit {one.commit.short}\nPod Template:")
            for line in as_yaml(one.template):
                typer.echo(f"  {line}")
            return
        typer.echo(resource(key))
        for line in table(("REVISION", "COMMIT", "DATE", "SUBJECT", "CHANGE-CAUSE"), [_row(one) for one in known]):
            typer.echo(line)
        if source.local_path is None and is_shallow(source.git):
            depth = settings.spec.source.depth
            typer.echo(f"history ends {depth} commits back: raise spec.source.depth to see further", err=True)


def _row(one: TemplateRevision) -> tuple[str, ...]:
    date = datetime.fromtimestamp(one.commit.at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return str(one.number), one.commit.short, date, one.commit.subject, one.cause or "<none>"
