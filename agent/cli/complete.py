"""What the shell completes inside verbs: hosts, pods and kinds, from what the agent published last.

Completion runs at every press of the tab key, so it never connects anywhere, and it never complains.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from agent.cli.kinds import KINDS
from agent.ports import PortError

if TYPE_CHECKING:
    from agent.reconciler.reporting.snapshot import Snapshot


def complete_kinds(incomplete: str) -> list[str]:
    """Complete a kind for ``get``."""
    return [names[0] for names in KINDS.values() if names[0].startswith(incomplete)]


def complete_objects(ctx: typer.Context, incomplete: str) -> list[str]:
    """Complete KIND/NAME: kinds first, then names of the kind, whichever of its names is written."""
    kind, slash, _ = incomplete.partition("/")
    if not slash:
        return _matching((f"{names[1]}/" for names in KINDS.values()), incomplete)
    snapshot = _published(ctx)
    statuses = snapshot.fleet.statuses if snapshot else ()
    return _matching((f"{kind}/{one.key.name}" for one in statuses if kind in KINDS.get(one.key.kind, ())), incomplete)


def complete_hosts(ctx: typer.Context, incomplete: str) -> list[str]:
    """Complete the name of a host."""
    snapshot = _published(ctx)
    return _matching((host.name for host in snapshot.hosts) if snapshot else (), incomplete)


def complete_pods(ctx: typer.Context, incomplete: str) -> list[str]:
    """Complete the name of a pod."""
    snapshot = _published(ctx)
    pods = (pod.key.name for status in snapshot.fleet.statuses for pod in status.pods) if snapshot else ()
    return _matching(pods, incomplete)


def complete_named(ctx: typer.Context, incomplete: str) -> list[str]:
    """Complete the name of an object, of the kind that is written before it."""
    kind = str(ctx.params.get("kind") or ctx.params.get("what")).lower()
    if kind in KINDS["Pod"]:
        return complete_pods(ctx, incomplete)
    snapshot = _published(ctx)
    statuses = snapshot.fleet.statuses if snapshot else ()
    return _matching((one.key.name for one in statuses if kind in KINDS.get(one.key.kind, ())), incomplete)


def complete_place(ctx: typer.Context, incomplete: str) -> list[str]:
    """Complete the POD: of a place in a pod; local paths are the shell's own."""
    return _matching((f"{name}:" for name in complete_pods(ctx, incomplete)), incomplete)


def complete_containers(ctx: typer.Context, incomplete: str) -> list[str]:
    """Complete the name of a container: of the pod that is named already, else of any."""
    snapshot, named = _published(ctx), ctx.params.get("pod")
    pods = [pod for status in snapshot.fleet.statuses for pod in status.pods] if snapshot else []
    meant = [pod for pod in pods if pod.key.name == named] or pods
    return _matching((each.name for pod in meant for each in (*pod.containers, *pod.init_containers)), incomplete)


def _published(ctx: typer.Context) -> "Snapshot | None":
    # Imported when the tab key asks, so that every other start of the command does without.
    from agent.cli.config import open_config  # noqa: PLC0415 - see above
    from agent.cli.running.published import newest_published  # noqa: PLC0415 - see above

    given = ctx.params.get("config") or ctx.find_root().params.get("config")
    try:
        return newest_published(Path(open_config(Path(given) if given else None).spec.state_dir))
    except PortError:
        return None


def _matching(names: Iterable[str], incomplete: str) -> list[str]:
    return sorted({name for name in names if name.startswith(incomplete)})
