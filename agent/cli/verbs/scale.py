from typing import Annotated, Any, Final

import typer

from agent.cli import options
from agent.cli.changing import Branch, DryRun, Wish, change, refusals
from agent.cli.complete import complete_objects
from agent.cli.config import open_config
from agent.cli.naming import named, resource
from agent.manifests.editing import intents
from agent.model.objects.fleet import AnyObject, Fleet
from agent.model.objects.meta import Declared
from agent.planner.autoscaling import governed_by
from agent.ports import Permanent

app = typer.Typer(add_completion=False)

_KINDS: Final = ("Deployment", "StatefulSet", "ReplicaSet")


@app.command()
def scale(
    target: Annotated[
        list[str], typer.Argument(metavar="KIND/NAME", help="deployment/web", autocompletion=complete_objects)
    ],
    *,
    replicas: Annotated[int, typer.Option("--replicas", metavar="N", min=0, help="How many there shall be.")],
    current: Annotated[
        int | None, typer.Option("--current-replicas", metavar="N", help="Only if there are so many now.")
    ] = None,
    namespace: options.Namespace = "default",
    dry_run: DryRun = False,
    branch: Branch = "",
    config: options.Config = None,
) -> None:
    """Set how many replicas a workload has: edits its manifest in the source, commits and pushes.

    Exit code 1 when it cannot be done: what an autoscaler owns is left to it.
    """

    def wish(fleet: Fleet, declared: Declared[AnyObject], data: dict[str, Any]) -> Wish:
        key, now = declared.key, data["spec"].get("replicas", 1)
        if replicas and (owner := governed_by(fleet, key)) is not None:
            raise Permanent(
                f"the replicas of {key} are set by {owner}",
                hint="change its minReplicas and maxReplicas, or remove it; --replicas 0 turns it off for now",
            )
        if current is not None and now != current:
            raise Permanent(f"expected replicas of {key} to be {current}, but there are {now}", hint="look again")
        return Wish(
            data=intents.scaled(data, replicas),
            subject=f"Scale {key} from {now} to {replicas}",
            done=f"{resource(key)} scaled",
        )

    with refusals():
        change(
            open_config(config),
            named(target, namespace, kinds=_KINDS, can="scaled"),
            wish,
            dry_run=dry_run,
            branch=branch,
        )
