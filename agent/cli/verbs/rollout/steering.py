"""``rollout restart``, ``pause`` and ``resume``: one field each."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from agent.cli import options
from agent.cli.changing import Branch, DryRun, Wish, change, refusals
from agent.cli.complete import complete_objects
from agent.cli.config import open_config
from agent.cli.naming import named, resource
from agent.manifests.editing import intents
from agent.model.objects.fleet import AnyObject, Fleet
from agent.model.objects.meta import Declared, ObjectKey
from agent.ports import Permanent

ROLLED: Final = ("Deployment", "StatefulSet", "DaemonSet")
"""The kinds whose pods are replaced by and by when their template changes."""
Target = Annotated[
    list[str], typer.Argument(metavar="KIND/NAME", help="deployment/web", autocompletion=complete_objects)
]


def unless_paused(key: ObjectKey, data: Mapping[str, Any]) -> None:
    """Refuse what a paused rollout would not take up. Raises Permanent."""
    if data["spec"].get("paused"):
        raise Permanent(f"{key} is paused", hint=f"first: trimtab rollout resume {resource(key)}")


def restart(
    target: Target,
    *,
    namespace: options.Namespace = "default",
    dry_run: DryRun = False,
    branch: Branch = "",
    config: options.Config = None,
) -> None:
    """Have all pods of a workload made again, by and by: its template says since when. Commits and pushes."""
    now = datetime.now().astimezone().isoformat(timespec="seconds")

    def wish(_fleet: Fleet, declared: Declared[AnyObject], data: dict[str, Any]) -> Wish:
        key = declared.key
        unless_paused(key, data)
        return Wish(data=intents.restarted(data, now), subject=f"Restart {key}", done=f"{resource(key)} restarted")

    with refusals():
        key = named(target, namespace, kinds=ROLLED, can="restarted")
        change(open_config(config), key, wish, dry_run=dry_run, branch=branch)


def pause(
    target: Target,
    *,
    namespace: options.Namespace = "default",
    dry_run: DryRun = False,
    branch: Branch = "",
    config: options.Config = None,
) -> None:
    """Stop a Deployment's rollout where it is; it can still be scaled. Sets spec.paused, commits and pushes."""
    _set_paused(target, namespace, paused=True, dry_run=dry_run, branch=branch, config=config)


def resume(
    target: Target,
    *,
    namespace: options.Namespace = "default",
    dry_run: DryRun = False,
    branch: Branch = "",
    config: options.Config = None,
) -> None:
    """Let a paused Deployment's rollout go on. Removes spec.paused, commits and pushes."""
    _set_paused(target, namespace, paused=False, dry_run=dry_run, branch=branch, config=config)


def _set_paused(
    target: list[str], namespace: str, *, paused: bool, dry_run: bool, branch: str, config: Path | None
) -> None:
    verb, done = ("Pause", "paused") if paused else ("Resume", "resumed")

    def wish(_fleet: Fleet, declared: Declared[AnyObject], data: dict[str, Any]) -> Wish:
        key = declared.key
        if paused and data["spec"].get("paused"):
            raise Permanent(f"{key} is paused already", hint=f"trimtab rollout resume {resource(key)} ends that")
        if not paused and not data["spec"].get("paused"):
            raise Permanent(f"{key} is not paused", hint=f"`trimtab rollout status {resource(key)}` tells how it goes")
        return Wish(data=intents.paused(data, paused=paused), subject=f"{verb} {key}", done=f"{resource(key)} {done}")

    with refusals():
        key = named(target, namespace, kinds=("Deployment",), can=done)
        change(open_config(config), key, wish, dry_run=dry_run, branch=branch)
