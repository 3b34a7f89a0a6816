"""Whether a host runs short of something: the signals and hard thresholds of a kubelet's eviction."""

from collections.abc import Iterator, Mapping
from typing import Final

from agent.model.quantity import parse_quantity
from agent.model.strain import Shortage
from agent.model.usage import Filesystem, Usage
from agent.model.value import Value
from agent.planner.host.texts import rounded_up

Written = Mapping[str, str | int | float]
"""Thresholds by signal: a quantity, or a part of the whole as ``10%``. Zero is never crossed."""

DEFAULTS: Final[Written] = {
    "memory.available": "100Mi",
    "nodefs.available": "10%",
    "nodefs.inodesFree": "5%",
    "imagefs.available": "15%",
    "imagefs.inodesFree": "5%",
}


class Signal(Value, frozen=True, kw_only=True):
    """One measured amount: how much is left of how much."""

    name: str
    shortage: Shortage
    left: int
    whole: int
    in_bytes: bool = True
    disk: str = ""
    """Where the filesystem is mounted that it is about; empty for memory."""

    def __str__(self) -> str:
        return f"{self.name} is {_amount(self.left, in_bytes=self.in_bytes)}"


def crossed(usage: Usage, written: Written) -> Iterator[tuple[Signal, str]]:
    """Yield the signals below their thresholds, memory first, each with a sentence that says so.

    What ``written`` leaves out has Kubernetes' default.
    """
    thresholds = {**DEFAULTS, **written}
    for signal in signals(usage):
        least = bound(thresholds[signal.name], signal.whole)
        if signal.left < least:
            yield signal, f"{signal}, less than {_amount(least, in_bytes=signal.in_bytes)}"


def signals(usage: Usage) -> Iterator[Signal]:
    """Yield what was measured of a host as a whole."""
    total = usage.memory_bytes + usage.memory_available
    if total:
        yield Signal(name="memory.available", shortage="MemoryPressure", left=usage.memory_available, whole=total)
    for name, disk in (("nodefs", usage.pods), ("imagefs", usage.images)):
        if disk is not None:
            yield from _of_disk(name, disk)


def bound(written: str | float, whole: int) -> int:
    """Return how much has to be left. Raises ValueError for what is neither a quantity nor a percentage."""
    text = str(written)
    if text.endswith("%"):
        return int(parse_quantity(text[:-1]) * whole / 100)
    return int(parse_quantity(text))


def _of_disk(name: str, disk: Filesystem) -> Iterator[Signal]:
    if disk.size_bytes:
        yield Signal(
            name=f"{name}.available",
            shortage="DiskPressure",
            left=disk.available_bytes,
            whole=disk.size_bytes,
            disk=disk.path,
        )
    if disk.inodes:
        yield Signal(
            name=f"{name}.inodesFree",
            shortage="DiskPressure",
            left=disk.inodes - disk.inodes_used,
            whole=disk.inodes,
            in_bytes=False,
            disk=disk.path,
        )


def _amount(count: int, *, in_bytes: bool) -> str:
    return rounded_up(count) if in_bytes else str(count)
