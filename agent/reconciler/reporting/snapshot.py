"""What the loops show to the outside: frozen, complete, free of Secret content."""

from collections.abc import Mapping
from typing import Literal

from agent.model.action import Verb
from agent.model.objects.meta import PodKey
from agent.model.observation import RuntimeFacts
from agent.model.origin import Revision
from agent.model.plan import Waiting
from agent.model.status import ObjectStatus
from agent.model.usage import Filesystem
from agent.model.value import Value


class InFlight(Value, frozen=True, kw_only=True, order=True):
    """An action that runs right now."""

    pod: PodKey
    verb: Verb
    rule: str
    since: float


class HostCondition(Value, frozen=True, kw_only=True):
    """One condition of a host, named as a Kubernetes node's: Ready, MemoryPressure, DiskPressure."""

    type: str
    status: Literal["True", "False", "Unknown"]
    message: str = ""
    since: float = 0.0


class HostState(Value, frozen=True, kw_only=True):
    """One host as its loop sees it.

    ``since`` is when it was first seen, or lost; ``refused`` tells that only a person can mend it. ``planned`` counts
    the actions of the newest plan, ``done`` and ``failed`` those that ended since the agent started. ``settled``: it
    is seen, has taken the newest desired state, and its plan is empty.
    """

    name: str
    seen: bool
    since: float
    reason: str = ""
    refused: bool = False
    facts: RuntimeFacts | None = None
    conditions: tuple[HostCondition, ...] = ()
    disks: Mapping[str, Filesystem] = {}
    """The disks of ``images`` and ``pods``, as last measured."""
    observed_at: float = 0.0
    revision: str = ""
    wanted: int = 0
    planned: int = 0
    in_flight: tuple[InFlight, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    done: int = 0
    failed: int = 0
    settled: bool = False


class SourceState(Value, frozen=True, kw_only=True):
    """The source as it was seen last: its newest revision, when that was looked up, and what went wrong since."""

    head: Revision | None = None
    synced_at: float = 0.0
    error: str = ""
    hint: str = ""
    failing_since: float = 0.0


class FleetState(Value, frozen=True, kw_only=True):
    """What is in force, what is not and why, and what became of each object."""

    in_force: Revision | None = None
    in_force_since: float = 0.0
    refused: str = ""
    refused_why: tuple[str, ...] = ()
    held: str = ""
    held_why: str = ""
    undecided: bool = False
    """Whether the first look at hosts is waited for: until then, what is held is as an earlier run saw it."""
    message: str = ""
    """Why nothing is in force, when nothing is."""
    statuses: tuple[ObjectStatus, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    planned_at: float = 0.0
    current: bool = False
    """Whether the newest plan has taken in everything that was reported."""


class Metrics(Value, frozen=True, kw_only=True):
    """Numbers since the agent started. Keys with two parts are tuples."""

    drift_found: Mapping[str, int] = {}
    """By classification rule."""
    drift_repaired: Mapping[str, int] = {}
    actions: Mapping[tuple[str, str], int] = {}
    """By verb and result: ``ok``, ``failed``, ``superseded``."""
    chores: Mapping[tuple[str, str], int] = {}
    """Cleaning up, by chore (``remove-image``, ``rotate-log``) and result."""
    freed_bytes: int = 0
    probes: Mapping[tuple[str, str], int] = {}
    """Checks by kind and result: ``success``, ``failure``, ``unknown``."""
    probe_seconds: Mapping[str, float] = {}
    """Total seconds of checks by kind."""
    seconds: Mapping[str, float] = {}
    """Total seconds by stage: fetch, load, plan-fleet, observe, plan-host, execute, measure."""
    passes: Mapping[str, int] = {}
    """How often each stage ran."""
    queue_depth: int = 0
    """Actions planned and not ended, over all hosts."""


class Snapshot(Value, frozen=True, kw_only=True):
    """The whole agent at one moment.

    ``converged``: the newest revision of the source is in force, every object is ready, and every host is settled
    with nothing left that waits.
    """

    at: float
    agent: str
    source: SourceState
    fleet: FleetState
    hosts: tuple[HostState, ...]
    metrics: Metrics
    converged: bool
