"""The running agent's newest snapshot, as it leaves it in the state directory for the other verbs."""

import os
from pathlib import Path
from typing import Final

import msgspec
from msgspec.structs import replace

from agent.journal.lock import holder_of
from agent.journal.status_file import publish_status, read_status
from agent.model.typed import decoder
from agent.model.value import Value
from agent.reconciler.reporting.snapshot import Metrics, Snapshot

VERSION: Final = 1


class Published(Value, frozen=True, kw_only=True):
    """A snapshot, and the process that made it."""

    version: int
    pid: int
    snapshot: Snapshot


def publish(state_dir: Path, snapshot: Snapshot) -> None:
    """Leave a snapshot for the other verbs. Numbers are for Prometheus and stay out. Raises PortError."""
    published = Published(version=VERSION, pid=os.getpid(), snapshot=replace(snapshot, metrics=Metrics()))
    publish_status(state_dir, msgspec.json.encode(published))


def read_published(state_dir: Path) -> tuple[Snapshot, str] | None:
    """Return the newest snapshot of the agent that runs now, and how that agent is known; None when there is none.

    What a process left that is gone, or that was not this version of trimtab, is not worth reading.
    """
    holder = holder_of(state_dir)
    published = _read(state_dir) if holder else None
    if holder is None or published is None or published.pid != holder.pid:
        return None
    return published.snapshot, f"pid {holder.pid} on {holder.host}"


def newest_published(state_dir: Path) -> Snapshot | None:
    """Return the newest snapshot of any agent, however old: good enough to complete names from. Raises PortError."""
    published = _read(state_dir)
    return published.snapshot if published else None


_PUBLISHED: Final = decoder(Published)


def _read(state_dir: Path) -> Published | None:
    content = read_status(state_dir)
    try:
        published = _PUBLISHED.decode(content) if content else None
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return published if published and published.version == VERSION else None
