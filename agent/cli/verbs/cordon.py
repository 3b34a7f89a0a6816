from typing import Annotated, Any

import typer

from agent.cli import options
from agent.cli.changing import Branch, DryRun, Wish, change, refusals
from agent.cli.complete import complete_hosts
from agent.cli.config import open_config
from agent.manifests.editing import intents
from agent.model.objects.fleet import AnyObject, Fleet
from agent.model.objects.meta import Declared, ObjectKey

app = typer.Typer(add_completion=False)


@app.command()
def cordon(
    host: Annotated[str, typer.Argument(metavar="HOST", autocompletion=complete_hosts)],
    *,
    dry_run: DryRun = False,
    branch: Branch = "",
    config: options.Config = None,
) -> None:
    """Keep new pods off a host; what runs there stays. Sets spec.unschedulable in the source, commits and pushes."""

    def wish(_fleet: Fleet, declared: Declared[AnyObject], data: dict[str, Any]) -> Wish:
        subject = f"Cordon {declared.key}"
        return Wish(data=intents.cordoned(data), subject=subject, done=f"host/{host} cordoned")

    with refusals():
        key = ObjectKey(kind="Host", namespace="", name=host)
        change(open_config(config), key, wish, dry_run=dry_run, branch=branch)
