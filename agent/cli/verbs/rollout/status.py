from enum import StrEnum
from typing import Annotated

import typer

from agent.cli import options
from agent.cli.changing import refusals
from agent.cli.config import open_config
from agent.cli.look.everything import read_fleet
from agent.cli.look.standing import standing
from agent.cli.naming import declared_in, named, resource
from agent.cli.running.watch import OutOfTime, seconds, snapshots, taken
from agent.cli.verbs.rollout.progress import Progress, progress
from agent.cli.verbs.rollout.steering import ROLLED, Target
from agent.cli.wiring import open_source
from agent.model.objects.agent import AgentConfig
from agent.model.objects.fleet import AnyObject
from agent.model.objects.meta import Declared
from agent.model.origin import Revision
from agent.ports import Permanent
from agent.reconciler.reporting.snapshot import Snapshot


class Watch(StrEnum):
    """Whether to wait until the rollout is through."""

    true = "true"
    false = "false"


def status(
    target: Target,
    *,
    watch: Annotated[Watch, typer.Option("--watch", "-w", help="Wait until it is through.")] = Watch.true,
    timeout: Annotated[
        str, typer.Option("--timeout", metavar="DURATION", help="How long at most; 0s: no limit.")
    ] = "0s",
    namespace: options.Namespace = "default",
    config: options.Config = None,
) -> None:
    """Follow a rollout until it is through.

    Exit code 0: through. 1: it exceeded its progress deadline, or the time is up.
    """
    with refusals():
        settings, limit = open_config(config), seconds(timeout)
        key = named(target, namespace, kinds=ROLLED, can="rolled out")
        source = open_source(settings)
        source.fetch()
        head = source.resolve()
        declared = declared_in(read_fleet(source, head), key)
        if watch is Watch.false:
            typer.echo(_progress(standing(settings).snapshot, declared).message)
            return
        _follow(settings, declared, head, limit)


def _follow(settings: AgentConfig, declared: Declared[AnyObject], head: Revision, limit: float) -> None:
    said, source = "", open_source(settings)
    try:
        for snapshot in snapshots(settings, timeout=limit):
            now = _progress(snapshot, declared) if taken(snapshot, head, source) else _unobserved(declared)
            if now.message != said:
                typer.echo(now.message, err=now.failed)
                said = now.message
            if now.done:
                return
            if now.failed:
                raise typer.Exit(1)
    except OutOfTime:
        raise Permanent(
            "timed out waiting for the condition", hint=f"`trimtab describe {resource(declared.key)}` says why it waits"
        ) from None
    now = _progress(standing(settings).snapshot, declared)
    if now.done:
        typer.echo(now.message)
        return
    raise Permanent(
        f"{now.message} and no agent runs here", hint="start `trimtab agent`, or converge once with `trimtab apply`"
    )


def _progress(snapshot: Snapshot, declared: Declared[AnyObject]) -> Progress:
    found = next((one for one in snapshot.fleet.statuses if one.key == declared.key), None)
    return progress(declared.body, found)


def _unobserved(declared: Declared[AnyObject]) -> Progress:
    return progress(declared.body, None)
