"""The narrow interfaces to the outside world. Each has a real side and a simulated one.

Errors at ports::

    PortError                  something outside trimtab failed; the message says what, where and what to do
    ├── Temporary              worth another try by itself: connection lost, registry down, time-out
    │   └── Unreachable        the host (or the remote repository) does not answer
    └── Permanent              only a person can mend it: wrong key, no rights, no such ref
        └── Refused            trimtab itself declines: another agent's host, a kubelet on the host
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from agent.model.action import Action, Outcome
from agent.model.chores import Chore, ChoreOutcome
from agent.model.memory import Memory
from agent.model.observation import Seen
from agent.model.origin import Blob, Location, Revision
from agent.model.probing import ProbeResult, ProbeTarget
from agent.model.usage import ContainerUsage, Usage
from agent.model.value import Value


class PortError(Exception):
    """Something outside trimtab failed. ``hint`` says what to do about it."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class Temporary(PortError):
    """Worth another try without anybody doing anything."""


class Unreachable(Temporary):
    """The other side does not answer."""


class Permanent(PortError):
    """Only a person can mend it."""


class Refused(Permanent):
    """trimtab declines to act, to protect what is not its own."""


class Clock(Protocol):
    """The only place where time comes from."""

    def now(self) -> float:
        """Return seconds since the epoch."""


class Blame(Value, frozen=True, kw_only=True):
    """The commit that last touched a line."""

    revision: str
    author: str
    at: float
    subject: str


class Source(Protocol):
    """A git repository at a ref, or a working folder."""

    def fetch(self) -> None:
        """Bring the newest state of the remote here; no-op for local paths. Raises PortError."""

    def resolve(self, ref: str | None = None) -> Revision:
        """Return the revision that ``ref`` (or the configured one) names now. Raises PortError."""

    def tree(self, revision: Revision) -> Sequence[Blob]:
        """Return the files of a revision below the configured path, sorted by path. Raises PortError."""

    def read(self, revision: Revision, blobs: Sequence[Blob]) -> Mapping[str, bytes]:
        """Return contents by blob id. Raises PortError."""

    def blame(self, revision: Revision, location: Location) -> Blame | None:
        """Return who last touched a line; None for uncommitted lines or where history does not reach."""


class Host(Protocol):
    """One host. Only this port changes a host."""

    @property
    def name(self) -> str:
        """The Host object's name."""

    def observe(self) -> Seen:
        """Look at everything once. Raises PortError."""

    def execute(
        self,
        actions: Sequence[Action],
        *,
        report: Callable[[Outcome], None],
        superseded: Callable[[], bool],
    ) -> None:
        """Do the actions, independent ones side by side and bounded; a failed one does not stop others.

        ``report`` is called once an action, as it ends, from any thread. ``superseded`` is asked between steps: once
        true, no further step starts and what is left is reported as superseded.
        """

    def refresh_images(self, images: Sequence[str]) -> None:
        """Ask the registry again for tags that may have moved. Raises PortError."""

    def probe(self, target: ProbeTarget) -> ProbeResult:
        """Make one check, within its own time limit. Never raises: what cannot be told is ``unknown``."""

    def measure(self) -> Usage:
        """Measure what the host and its pods use. Raises PortError."""

    def sample(self) -> Mapping[str, ContainerUsage]:
        """Ask what running containers use, by id, and nothing else: it may be asked often. Raises PortError."""

    def tidy(self, chores: Sequence[Chore]) -> Sequence[ChoreOutcome]:
        """Do chores of cleaning up, one after another; a failed one does not stop the next. Raises PortError."""

    def watch(self, wake: Callable[[], None]) -> None:
        """Call ``wake`` whenever the runtime says something happened, until ``close``. Returns at once."""

    def close(self) -> None:
        """Let go of the connection."""


class MetricsServer(Protocol):
    """A server that answers questions of PromQL."""

    def query(self, promql: str) -> float:
        """Return the number that answers a question: of several series, their sum. Raises PortError."""


class State(Value, frozen=True, kw_only=True):
    """What the agent must not forget across a restart. Never holds Secret content."""

    version: int = 2
    """1: without what claims are bound to. A trimtab that knows no claims must not save a state over theirs."""
    in_force: str = ""
    """The revision that hosts are held to; empty before the first good one."""
    in_force_since: float = 0.0
    refused: str = ""
    """The newest revision that was refused, and why (rendered problems)."""
    refused_why: tuple[str, ...] = ()
    held: str = ""
    """The revision that the prune guard holds back, and why."""
    held_why: str = ""
    approved: tuple[str, ...] = ()
    memory: Memory = Memory()


class Journal(Protocol):
    """Keeps the agent's state and its events across restarts; every write is atomic."""

    def load(self) -> State:
        """Return the last saved state, or an empty one. Raises PortError when the file is of a newer version."""

    def save(self, state: State) -> None:
        """Replace the saved state."""

    def record(self, event: "Event") -> None:
        """Append an event."""


class Event(Value, frozen=True, kw_only=True):
    """Something that happened, for ``trimtab events``: in Kubernetes' words where it has them."""

    at: float
    type: str
    """``Normal`` or ``Warning``."""
    reason: str
    """CamelCase, short: ``Created``, ``Killed``, ``RevisionRefused``."""
    message: str
    object: str = ""
    host: str = ""
    revision: str = ""
