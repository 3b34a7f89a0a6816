from collections.abc import Mapping
from typing import Literal

from agent.model.memory import Memory
from agent.model.objects.fleet import Fleet
from agent.model.observation import Observation
from agent.model.plan import FingerprintKey
from agent.model.value import Value


class Happening(Value, frozen=True, kw_only=True):
    """Something that happens ``at`` so many seconds from the beginning.

    A host loses its power, gets it back, or is drained (in the source, as ``trimtab drain`` does it); or ``fleet`` is
    pushed.
    """

    at: float
    what: Literal["fail", "return", "drain", "change"]
    host: str = ""
    fleet: Fleet | None = None


class Question(Value, frozen=True, kw_only=True):
    """What would happen to a fleet within ``seconds``.

    Without ``observations`` its hosts begin empty, and time is counted from when the fleet has come to rest. With
    them it goes on from what they show, and ``memory`` and ``before`` are the agent's: what it remembers, and the
    revision that is in force. ``start`` is when it begins, since the epoch: CronJobs go by it. ``seed`` decides who
    goes first where the real agent leaves that to chance.
    """

    agent: str
    fleet: Fleet
    key: FingerprintKey
    start: float
    seconds: float
    happenings: tuple[Happening, ...] = ()
    observations: Mapping[str, Observation] = {}
    memory: Memory = Memory()
    before: Fleet | None = None
    seed: int = 0
