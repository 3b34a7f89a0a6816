"""The contracts of the two planners: their input and their output."""

from collections.abc import Mapping
from typing import Literal

from agent.model.action import Action
from agent.model.desired import HostDesired
from agent.model.memory import Memory
from agent.model.objects.fleet import Fleet
from agent.model.objects.meta import ObjectKey, PodKey
from agent.model.observation import Observation
from agent.model.status import ObjectStatus
from agent.model.usage import Load, Usage
from agent.model.value import MASK, Value

Scoring = Literal["LeastAllocated", "MostAllocated"]
"""Whether pods are spread over hosts, or fill one host before the next."""


class FingerprintKey(Value, frozen=True, kw_only=True):
    """The fleet's secret key (32 bytes) for fingerprints of Secret content: shown values can't be guessed from them."""

    value: bytes

    def __repr__(self) -> str:
        return f"FingerprintKey({MASK})"


class Waiting(Value, frozen=True, kw_only=True, order=True):
    """Something that is not done yet, and why, in the reader's words. ``until`` is 0 when no time is known."""

    reason: Literal[
        "back-off",
        "disruption",
        "image-pull",
        "predecessor",
        "quota",
        "refused",
        "rollout",
        "runtime",
        "unschedulable",
        "unseen",
    ]
    message: str
    pod: PodKey | None = None
    object: ObjectKey | None = None
    host: str = ""
    until: float = 0.0


class Failure(Value, frozen=True, kw_only=True):
    """A row of failed attempts at one thing on a host, for back-off: 10 s doubling to 5 min since ``last_at``."""

    count: int
    last_at: float
    message: str
    kind: str = ""


class FleetInput(Value, frozen=True, kw_only=True):
    """All that the fleet planner may know. ``observations`` has an entry for every Host object.

    ``prune`` tells whether pods that no object declares are removed, or kept as they are. ``failures`` (as in
    HostInput, of all hosts together) decides nothing: it lets the statuses say why a pod does not come up.

    ``before`` is the fleet that was in force before this one, None when it is not known: what a rollout leaves behind.
    ``load`` is the newest measurement by host, ``metrics`` the newest answers to the last plan's ``queries``: a number,
    or why there is none. ``autoscaling`` is how many seconds are between two looks of an autoscaler, at least.
    ``profiles`` says how hosts are scored for pods that name a scheduler.
    """

    agent: str
    fleet: Fleet
    observations: Mapping[str, Observation]
    memory: Memory
    key: FingerprintKey
    now: float
    prune: bool = True
    failures: Mapping[PodKey, Failure] = {}
    before: Fleet | None = None
    load: Mapping[str, Load] = {}
    metrics: Mapping[str, float | str] = {}
    autoscaling: float = 15.0
    profiles: Mapping[str, Scoring] = {}


class FleetPlan(Value, frozen=True, kw_only=True):
    """What each host should run now, and what becomes of each object.

    ``desired`` has an entry for every Host object, unseen ones too. ``memory`` is to be saved before acting.
    """

    desired: Mapping[str, HostDesired]
    statuses: tuple[ObjectStatus, ...]
    memory: Memory
    waiting: tuple[Waiting, ...] = ()
    wake_at: float | None = None
    due_at: float | None = None
    """When something is due that is no part of getting to what is declared: a cron's next time, a look of an
    autoscaler, the end of a time of grace. It wakes the agent, and is not waited for by anybody else.
    """
    measure: tuple[str, ...] = ()
    """Hosts whose load autoscalers look at."""
    queries: tuple[str, ...] = ()
    """What autoscalers ask the metrics server (PromQL)."""


class HostInput(Value, frozen=True, kw_only=True):
    """All that the host planner may know. ``failures`` is keyed by pod; an Unseen host gets no actions.

    ``usage`` is the newest measurement of the host, None before the first.
    """

    desired: HostDesired
    observation: Observation
    key: FingerprintKey
    now: float
    failures: Mapping[PodKey, Failure] = {}
    usage: Usage | None = None


class HostPlan(Value, frozen=True, kw_only=True):
    """What to do on a host now, what waits and why, and when time alone would change the answer."""

    host: str
    actions: tuple[Action, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    wake_at: float | None = None
    unchanged: int = 0
    """Pods that are as desired."""
