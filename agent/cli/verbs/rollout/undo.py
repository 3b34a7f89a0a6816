from typing import Annotated, Any

import typer

from agent.cli import options
from agent.cli.changing import Branch, DryRun, Wish, change, refusals
from agent.cli.config import open_config
from agent.cli.naming import named, resource
from agent.cli.verbs.rollout.revisions import chosen, revisions
from agent.cli.verbs.rollout.steering import ROLLED, Target, unless_paused
from agent.cli.wiring import open_source
from agent.manifests.editing import intents
from agent.model.objects.fleet import AnyObject, Fleet
from agent.model.objects.meta import Declared
from agent.ports import Permanent


def undo(
    target: Target,
    *,
    to_revision: Annotated[
        str, typer.Option("--to-revision", metavar="N", help="Of `rollout history`; 0 means the one before.")
    ] = "0",
    namespace: options.Namespace = "default",
    dry_run: DryRun = False,
    branch: Branch = "",
    config: options.Config = None,
) -> None:
    """Bring back a pod template that a workload had before. Edits only what differs, commits and pushes."""

    def wish(fleet: Fleet, declared: Declared[AnyObject], data: dict[str, Any]) -> Wish:
        key = declared.key
        unless_paused(key, data)
        known = revisions(open_source(settings), fleet.revision, key, declared.origin.file)
        if to_revision == "0" and len(known) < 2:
            raise Permanent(
                f"no rollout history found for {key}",
                hint="git knows no other pod template of it; spec.source.depth says how far back a remote is read",
            )
        one = known[-2] if to_revision == "0" else chosen(known, to_revision)
        return Wish(
            data=intents.with_template(data, dict(one.template)),
            subject=f"Undo {key}: pod template of {one.commit.short} again",
            done=f"{resource(key)} rolled back",
        )

    with refusals():
        settings = open_config(config)
        key = named(target, namespace, kinds=ROLLED, can="rolled back")
        change(settings, key, wish, dry_run=dry_run, branch=branch)
