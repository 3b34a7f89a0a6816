from collections.abc import Callable, Mapping

from agent.model.objects.agent import Prune
from agent.model.objects.host import Host as HostObject
from agent.model.objects.meta import Declared
from agent.model.plan import FingerprintKey, Scoring
from agent.model.value import Value
from agent.planner.upkeep import Policy
from agent.ports import Host

HostFactory = Callable[[Declared[HostObject]], Host]
"""Makes the port to a declared host. Must not connect: ``Host.observe`` does, and says what went wrong."""


class Settings(Value, frozen=True, kw_only=True):
    """What the loops need to know of the agent's configuration; durations in seconds.

    ``ref`` is what to follow instead of the source's configured ref; ``upkeep`` is the pause between two
    measurements of a host, ``autoscaling`` that between two looks of autoscalers at their metrics; ``connections``
    bounds how many hosts are connected to at one moment (hosts that are seen already never wait for it);
    ``first_look`` is how long the first plan waits for hosts that have not answered yet, so that pods they run are not
    started twice, and for the first checks of their probes. ``profiles`` says how hosts are scored for pods
    that name a scheduler. ``patience`` is what no step of a loop takes, however its host or the source hang.
    """

    agent: str
    key: FingerprintKey
    ref: str | None = None
    prune: Prune = Prune()
    interval: float = 60.0
    resync: float = 300.0
    upkeep: float = 60.0
    autoscaling: float = 15.0
    cleanup: Policy = Policy()
    connections: int = 64
    first_look: float = 10.0
    patience: float = 1200.0
    profiles: Mapping[str, Scoring] = {}
