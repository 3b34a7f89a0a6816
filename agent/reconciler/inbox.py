import threading
from collections.abc import Callable, Mapping

from agent.model.objects.fleet import Fleet
from agent.model.objects.meta import PodKey
from agent.model.observation import Observation
from agent.model.origin import Revision
from agent.model.plan import Failure
from agent.model.problem import Problem
from agent.model.usage import Load
from agent.model.value import Value
from agent.reconciler.interest import same_to_fleet


class Offer(Value, frozen=True, kw_only=True):
    """What the source loop found at a revision: a fleet, or the problems that refuse it.

    ``restored`` marks the revision that was in force before the agent started: it was let in once already.
    """

    revision: Revision
    fleet: Fleet | None = None
    problems: tuple[Problem, ...] = ()
    restored: bool = False


Failed = Mapping[PodKey, Failure]
Receipt = Callable[[], None]
"""Says that a person's word is saved, so that who keeps it until then may drop it."""


class Mail(Value, frozen=True, kw_only=True):
    """What is in the inbox at one moment; ``offers`` has the restored one first.

    ``receipts`` are to be called once approvals and what was ``asked`` are saved.
    """

    offers: tuple[Offer, ...] = ()
    approved: tuple[str, ...] = ()
    asked: Mapping[str, str] = {}
    receipts: tuple[Receipt, ...] = ()
    observations: Mapping[str, Observation] = {}
    failures: Mapping[PodKey, Failure] = {}
    load: Mapping[str, Load] = {}
    answers: Mapping[str, float | str] = {}


class Inbox:
    """What the fleet loop hears from the other loops: the newest of each, so a slow reader never lags behind."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._offer: Offer | None = None
        self._restored: Offer | None = None
        self._observations: dict[str, Observation] = {}
        self._failures: dict[str, Failed] = {}
        self._load: dict[str, Load] = {}
        self._answers: Mapping[str, float | str] = {}
        self._approved: set[str] = set()
        self._asked: dict[str, str] = {}
        self._receipts: list[Receipt] = []
        self._unread = False
        self._reading = False
        self.wake: Callable[[], None] = lambda: None

    @property
    def current(self) -> bool:
        """Whether all that was put in has been taken in, to the end."""
        with self._lock:
            return not (self._unread or self._reading)

    @property
    def observations(self) -> Mapping[str, Observation]:
        """What was heard of each host last."""
        with self._lock:
            return dict(self._observations)

    def offer(self, offer: Offer) -> None:
        """Put in a revision; a newer one replaces it."""
        with self._lock:
            if offer.restored:
                self._restored = offer
            else:
                self._offer = offer
            self._unread = True
        self.wake()

    def approve(self, revision: str, saved: Receipt = lambda: None) -> None:
        """Put in an approval of a held revision; ``saved`` is called once it cannot be forgotten any more."""
        with self._lock:
            self._approved.add(revision)
            self._receipts.append(saved)
            self._unread = True
        self.wake()

    def ask(self, moves: Mapping[str, str], saved: Receipt = lambda: None) -> None:
        """Put in pods that are to be moved, by ``namespace/name``, with the hosts that they are to leave.

        ``saved`` is called once that cannot be forgotten any more.
        """
        with self._lock:
            self._asked.update(moves)
            self._receipts.append(saved)
            self._unread = True
        self.wake()

    def observed(self, host: str, observation: Observation, failures: Failed) -> None:
        """Put in a look at a host, and what fails there; wakes the reader only when it would matter to a plan."""
        with self._lock:
            same = same_to_fleet(self._observations.get(host), observation)
            matters = not same or self._failures.get(host, {}) != failures
            self._observations[host] = observation
            self._failures[host] = failures
            self._unread = self._unread or matters
        if matters:
            self.wake()

    def loaded(self, host: str, load: Load | None) -> None:
        """Put in what a host's containers use, None when that is not known. It is read when a look is due."""
        with self._lock:
            self._load.pop(host, None)
            if load is not None:
                self._load[host] = load

    def answered(self, answers: Mapping[str, float | str]) -> None:
        """Put in what the metrics server says, by question: a number, or why there is none. Read likewise."""
        with self._lock:
            self._answers = answers

    def forget(self, host: str) -> None:
        """Drop what is known of a host that is not declared any more."""
        with self._lock:
            self._observations.pop(host, None)
            self._failures.pop(host, None)
            self._load.pop(host, None)

    def take(self) -> Mail:
        """Take out offers and approvals, and read all the rest. ``done`` ends the reading."""
        with self._lock:
            mail = Mail(
                offers=tuple(one for one in (self._restored, self._offer) if one is not None),
                approved=tuple(sorted(self._approved)),
                asked=dict(self._asked),
                receipts=tuple(self._receipts),
                observations=dict(self._observations),
                failures={pod: row for rows in self._failures.values() for pod, row in rows.items()},
                load=dict(self._load),
                answers=self._answers,
            )
            self._restored = self._offer = None
            self._approved.clear()
            self._asked.clear()
            self._receipts.clear()
            self._unread, self._reading = False, True
            return mail

    def done(self) -> None:
        """Say that what was taken out has been acted upon."""
        with self._lock:
            self._reading = False
