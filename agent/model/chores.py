"""Chores of cleaning up on a host: what no pod waits for, and what keeps disks from filling up."""

import msgspec

from agent.model.value import Value


class RemoveImage(msgspec.Struct, frozen=True, kw_only=True, tag_field="chore", tag="remove-image"):
    """Remove an image that nothing uses and nothing wants."""

    id: str
    names: tuple[str, ...]
    """The references that it was pulled by: taken off the record with it."""
    size: int = 0


class RotateLog(msgspec.Struct, frozen=True, kw_only=True, tag_field="chore", tag="rotate-log"):
    """Rename a container's log, let the runtime open a new one, and keep ``keep`` files of it in all."""

    container_id: str
    name: str
    path: str
    keep: int = 5


Chore = RemoveImage | RotateLog


class ChoreOutcome(Value, frozen=True, kw_only=True):
    """How a chore ended: ``error`` is empty when it was done. ``freed`` is in bytes."""

    chore: Chore
    error: str = ""
    freed: int = 0
