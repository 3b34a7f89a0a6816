from collections.abc import Mapping
from typing import Annotated, Any

import typer

from agent.cli import options
from agent.cli.app import INTERRUPTED
from agent.cli.changing import Branch, DryRun, Wish, change, refusals
from agent.cli.complete import complete_hosts
from agent.cli.config import open_config
from agent.cli.errors import complain
from agent.cli.render.escape import printable
from agent.cli.render.words import counted
from agent.cli.running.watch import OutOfTime, seconds, snapshots, taken
from agent.cli.wiring import open_source
from agent.manifests.editing import intents
from agent.model.objects.agent import AgentConfig
from agent.model.objects.fleet import AnyObject, Fleet
from agent.model.objects.meta import Declared, ObjectKey, PodKey
from agent.model.origin import Revision
from agent.ports import Permanent
from agent.reconciler.reporting.snapshot import Snapshot

app = typer.Typer(add_completion=False)


@app.command()
def drain(
    host: Annotated[str, typer.Argument(metavar="HOST", autocompletion=complete_hosts)],
    *,
    timeout: Annotated[
        str, typer.Option("--timeout", metavar="DURATION", help="How long at most; 0s: no limit.")
    ] = "0s",
    dry_run: DryRun = False,
    branch: Branch = "",
    config: options.Config = None,
) -> None:
    """Move the pods of a host elsewhere, as fast as disruption budgets allow, and wait until only DaemonSets' are left.

    Sets spec.unschedulable and spec.drain in the source, commits and pushes; `trimtab uncordon` takes both back. The
    agent does the rest, whether this command waits or not.

    Exit code 0: drained. 1: not yet, with the reason for each pod that is still there.
    """

    def wish(_fleet: Fleet, declared: Declared[AnyObject], data: dict[str, Any]) -> Wish:
        subject = f"Drain {declared.key}"
        return Wish(data=intents.cordoned(data, drain=True), subject=subject, done=f"host/{host} draining")

    with refusals():
        limit, settings = seconds(timeout), open_config(config)
        key = ObjectKey(kind="Host", namespace="", name=host)
        pushed = change(settings, key, wish, dry_run=dry_run, branch=branch)
        if dry_run or (branch and branch != settings.spec.source.ref.branch):
            return
        wanted = pushed.commit if pushed else open_source(settings).resolve()
        _follow(settings, host, wanted, limit)


def _follow(settings: AgentConfig, host: str, wanted: Revision, limit: float) -> None:
    progress, source = _Progress(host), open_source(settings)
    try:
        for snapshot in snapshots(settings, timeout=limit):
            if taken(snapshot, wanted, source) and progress.told(snapshot):
                typer.echo(f"host/{host} drained")
                return
    except OutOfTime:
        left = ", ".join(str(pod) for pod in progress.left) or "the agent did not take it yet"
        raise Permanent(
            f"timed out while {host} was being drained; still there: {left}",
            hint=f"it goes on; run `trimtab drain {host}` to follow again, `trimtab uncordon {host}` to stop it",
        ) from None
    except KeyboardInterrupt:
        complain(f"stopped following; {host} goes on being drained", hint=f"`trimtab uncordon {host}` stops that")
        raise typer.Exit(INTERRUPTED) from None
    raise Permanent(
        f"no agent runs here, so nothing moves the pods of {host} yet",
        hint="start `trimtab agent`, or converge once with `trimtab apply`",
    )


class _Progress:
    """Says each change once: which pods are gone, and why others are still there."""

    def __init__(self, host: str) -> None:
        self.left: Mapping[PodKey, str] = {}
        self._host = host
        self._begun = False

    def told(self, snapshot: Snapshot) -> bool:
        """Say what changed since last time; return whether nothing is left to move."""
        left = _left(snapshot, self._host)
        if not self._begun and left:
            typer.echo(f"{counted(len(left), 'pod')} to move")
        for pod in self.left:
            if pod not in left:
                typer.echo(f"pod {pod} is gone from {self._host}, {len(left)} left")
        for pod, why in left.items():
            if why and self.left.get(pod) != why:
                typer.echo(f"pod {pod} waits: {printable(why)}")
        self.left, self._begun = left, True
        return not left


def _left(snapshot: Snapshot, host: str) -> Mapping[PodKey, str]:
    """Return the pods that are still to leave a host, and why they are still there, as far as it is known."""
    waiting = (*snapshot.fleet.waiting, *(one for state in snapshot.hosts for one in state.waiting))
    why = {one.pod: one.message for one in waiting if one.pod is not None}
    return {
        pod.key: why.get(pod.key, "")
        for status in snapshot.fleet.statuses
        if status.key.kind != "DaemonSet"
        for pod in status.pods
        if pod.host == host and pod.phase not in ("Succeeded", "Failed")
    }
