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
def uncordon(
    host: Annotated[str, typer.Argument(metavar="HOST", autocompletion=complete_hosts)],
    *,
    dry_run: DryRun = False,
    branch: Branch = "",
    config: options.Config = None,
) -> None:
    """Let pods come to a host again, after cordon, drain or host forget.

    Removes spec.unschedulable, spec.drain and the taint node.kubernetes.io/out-of-service in the source, commits and
    pushes. Pods do not move back by themselves.
    """

    def wish(_fleet: Fleet, declared: Declared[AnyObject], data: dict[str, Any]) -> Wish:
        subject = f"Uncordon {declared.key}"
        return Wish(data=intents.uncordoned(data), subject=subject, done=f"host/{host} uncordoned")

    with refusals():
        key = ObjectKey(kind="Host", namespace="", name=host)
        change(open_config(config), key, wish, dry_run=dry_run, branch=branch)
