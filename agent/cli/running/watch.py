"""What the running agent publishes, each time anew, for verbs that wait until something has come true."""

import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Final

from agent.cli.running.published import read_published
from agent.cli.wiring import watching_files
from agent.journal.status_file import NAME
from agent.model.duration import parse_duration
from agent.model.objects.agent import AgentConfig
from agent.model.origin import Revision
from agent.ports import Permanent
from agent.reconciler.reporting.snapshot import Snapshot
from agent.source import GitSource

_LOOK_EVERY: Final = 5.0
"""Seconds after which an agent that says nothing is looked for again: it may be gone."""


class OutOfTime(Exception):
    """What was waited for did not come true in time."""


def snapshots(config: AgentConfig, *, timeout: float) -> Iterator[Snapshot]:
    """Yield the agent's newest snapshot, again and again; end when no agent runs. Raises OutOfTime.

    ``timeout`` is in seconds, 0 for none.
    """
    folder, changed = Path(config.spec.state_dir), Event()
    deadline = time.monotonic() + timeout if timeout else float("inf")
    with watching_files([folder / NAME], changed.set):
        while (published := read_published(folder)) is not None:
            yield published[0]
            left = deadline - time.monotonic()
            if left <= 0:
                raise OutOfTime
            changed.wait(min(left, _LOOK_EVERY))
            changed.clear()


def seconds(written: str) -> float:
    """Return the seconds of ``--timeout``; 0 means no limit. Raises Permanent."""
    try:
        return 0.0 if written == "0" else parse_duration(written)
    except ValueError as error:
        raise Permanent(f"--timeout: {error}") from error


def taken(snapshot: Snapshot, wanted: Revision, source: GitSource) -> bool:
    """Tell whether a revision, or one on top of it, is in force. Raises Permanent when the agent does not take it."""
    fleet = snapshot.fleet
    for id_, does, why in (
        (fleet.refused, "refuses", "\n".join(fleet.refused_why)),
        (fleet.held, "holds back", fleet.held_why),
    ):
        if source.includes(id_, wanted.id):
            raise Permanent(f"the agent {does} revision {id_[:12]}: {why}", hint="see `trimtab status`")
    return fleet.in_force is not None and source.includes(fleet.in_force.id, wanted.id)
