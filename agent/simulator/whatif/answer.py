from typing import Literal

from agent.model.objects.meta import ObjectKey
from agent.model.origin import Revision
from agent.model.plan import Waiting
from agent.model.value import Value

What = Literal[
    "event",
    "held",
    "rollout",
    "rolled-out",
    "lost",
    "waiting",
    "placed",
    "created",
    "replaced",
    "restarted",
    "updated",
    "removed",
    "job",
    "short",
    "enough",
]
"""event: of the question. lost: pods of a host that is unseen for too long. waiting, placed: no host fits, one does.
short, enough: fewer are ready than promised, and no more so."""


class Entry(Value, frozen=True, kw_only=True):
    """One line of the timeline: what happened ``at`` so many seconds, to which pods on which hosts, and why."""

    at: float
    what: What
    object: ObjectKey | None = None
    pods: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    message: str = ""


class Standing(Value, frozen=True, kw_only=True):
    """How available a workload, or what a budget selects, was.

    ``promised`` is the least that has to be ready, by the budget or by how the workload rolls out. ``lowest`` is the
    fewest that were ready once the promise was kept for the first time, first ``at``; ``short`` for how many seconds
    fewer than promised were. ``struck`` tells that only the failure of a host had a part in that, and that it was over
    in the end: what a rollout promises is not about that. ``broken`` says how the promise was broken, empty where
    it was kept.
    """

    object: ObjectKey
    wanted: int
    promised: int
    ready: int
    lowest: int
    at: float = 0.0
    short: float = 0.0
    struck: bool = False
    broken: str = ""


class Peak(Value, frozen=True, kw_only=True):
    """The most that the pods of a host asked for at one moment, and what it has; CPU in thousandths, memory in bytes.

    0 of a capacity is one that is not known. ``assumed`` tells that the capacity is this simulation's own.
    """

    host: str
    cpu: int = 0
    memory: int = 0
    pods: int = 0
    cpu_capacity: int = 0
    memory_capacity: int = 0
    pods_capacity: int = 0
    assumed: bool = False


class Answer(Value, frozen=True, kw_only=True):
    """What would happen. ``rested`` is how long it took until the fleet was at rest at first, None if it never was."""

    revision: Revision
    start: float
    seconds: float
    rested: float | None
    timeline: tuple[Entry, ...]
    standings: tuple[Standing, ...]
    peaks: tuple[Peak, ...]
    waiting: tuple[Waiting, ...]
    """What still waits in the end."""

    @property
    def broken(self) -> tuple[Standing, ...]:
        """The promises that were not kept."""
        return tuple(one for one in self.standings if one.broken)
