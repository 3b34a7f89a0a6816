import heapq
import itertools
import threading
import zlib
from collections import deque
from collections.abc import Callable, Mapping
from typing import Final

from msgspec.structs import replace

from agent.model.observation import Seen
from agent.model.probing import Health, ProbeKind, ProbeResult, ProbeTarget
from agent.ports import Clock, Host
from agent.reconciler.host.flights import Submit
from agent.reconciler.probing.events import ProbeEvents
from agent.reconciler.probing.subjects import Subject, subjects_of
from agent.reconciler.probing.vitals import Vitals
from agent.reconciler.reporting.counters import Counters

_AT_ONCE: Final = 16
"""Checks side by side on one host. More wait in line: each container has at most one of a kind there."""
_LATE: Final = 1.0
_ODD_CLOCK: Final = 1.0


class Prober:
    """Runs the probes of the whole fleet: one scheduler, and for each host a few threads while checks are due.

    A host that hangs holds up its own checks only, and a check that hangs holds up no loop. What the checks tell is
    kept by container, and whoever looks at a host puts it into the look (``with_health``). A host's loop is woken
    when the health of one of its containers is another one, not at every check.

    A container that was there before the agent was, is checked at once, so that a restart of the agent costs a
    moment only; the next check is put off by part of a period, so that not all are due together for ever.
    """

    def __init__(self, agent: str, clock: Clock, counters: Counters, events: ProbeEvents, submit: Submit) -> None:
        self._agent = agent
        self._clock = clock
        self._counters = counters
        self._events = events
        self._submit = submit
        self._lock = threading.Lock()
        self._hosts: dict[str, _Host] = {}
        self._timers: list[tuple[float, int, _Patient, ProbeKind]] = []
        self._tickets = itertools.count(1)
        self._wake_at: float | None = None
        self._now = 0.0
        self.wake: Callable[[], None] = lambda: None

    def watch(self, name: str, host: Host, seen: Seen, now: float, changed: Callable[[], None]) -> None:
        """Take in which containers run on a host, from a look just taken; ``changed`` hears when health changes."""
        with self._lock:
            known = self._hosts.get(name)
            subjects = {subject.container_id: subject for subject in subjects_of(seen, self._agent)}
            if known is None:
                if not subjects:
                    return
                known = self._hosts[name] = _Host(name)
            known.port, known.changed = host, changed
            gone = [known.patients.pop(one) for one in sorted(set(known.patients) - set(subjects))]
            for container_id, subject in subjects.items():
                patient = known.patients.get(container_id)
                if patient is None:
                    patient = known.patients[container_id] = _Patient(known, subject)
                    self._begin(patient, now)
                else:
                    patient.subject = subject
            sooner = self._sooner()
        for patient in gone:
            self._events.forget(name, patient.subject)
        if sooner:
            self.wake()

    def lost(self, name: str) -> None:
        """Take in that a host cannot be seen: nothing is checked there, and what is known stays as it is."""
        with self._lock:
            if name in self._hosts:
                self._hosts[name].port = None

    def forget(self, name: str) -> None:
        """Drop a host that is not declared any more."""
        with self._lock:
            host = self._hosts.pop(name, None)
            patients = list(host.patients.values()) if host else []
            if host:
                host.port = None
                host.patients.clear()
        for patient in patients:
            self._events.forget(name, patient.subject)

    def with_health(self, name: str, seen: Seen) -> Seen:
        """Return a look with what the probes tell of its containers."""
        with self._lock:
            host = self._hosts.get(name)
            health = host.health if host else {}
        return replace(seen, health=health) if health else seen

    def step(self, now: float) -> float | None:
        """Begin the checks that are due; return when the next one is."""
        begun: list[_Host] = []
        with self._lock:
            self._mind_the_clock(now)
            while self._timers and self._timers[0][0] <= now:
                due, ticket, patient, kind = heapq.heappop(self._timers)
                if patient.tickets.get(kind) != ticket or not patient.there:
                    continue
                host, probe = patient.host, patient.vitals.probe(kind)
                if host.port is None and probe is not None:
                    self._set(patient, kind, now + probe.period_seconds)
                    continue
                patient.tickets[kind] = 0
                host.line.append((patient, kind, due))
                if host.running < _AT_ONCE:
                    host.running += 1
                    begun.append(host)
            self._wake_at = self._timers[0][0] if self._timers else None
        for host in begun:
            self._submit(lambda host=host: self._run(host))  # type: ignore[misc] # mypy takes the default for a parameter
        return self._wake_at

    def _mind_the_clock(self, now: float) -> None:
        """Move all timers when the clock was set back: they would stand still for as long as it was."""
        back = self._now - now
        if back > _ODD_CLOCK:
            self._timers = [(due - back, ticket, patient, kind) for due, ticket, patient, kind in self._timers]
            heapq.heapify(self._timers)
        self._now = now

    def _begin(self, patient: "_Patient", now: float) -> None:
        """Set the timers of the probes that a container waits for now and did not before."""
        for kind in patient.vitals.wanted:
            probe = patient.vitals.probe(kind)
            if probe is None or kind in patient.tickets:
                continue
            at = patient.subject.started_at + probe.initial_delay_seconds
            if at < now - _LATE and not patient.vitals.health:
                part = zlib.crc32(f"{patient.subject.container_id} {kind}".encode()) / 2**32
                patient.put_off[kind] = part * probe.period_seconds
            self._set(patient, kind, max(at, now))

    def _set(self, patient: "_Patient", kind: ProbeKind, at: float) -> None:
        patient.tickets[kind] = ticket = next(self._tickets)
        heapq.heappush(self._timers, (at, ticket, patient, kind))

    def _sooner(self) -> bool:
        """Tell whether the scheduler sleeps for longer than it should by now."""
        if not self._timers or (self._wake_at is not None and self._wake_at <= self._timers[0][0]):
            return False
        self._wake_at = self._timers[0][0]
        return True

    def _run(self, host: "_Host") -> None:
        """Make the checks of a host that are in line, until there is none."""
        while True:
            with self._lock:
                if not host.line:
                    host.running -= 1
                    return
                patient, kind, due = host.line.popleft()
                port, target = host.port, patient.subject.target(kind)
            with self._counters.probed(kind) as told:
                result = _made(port, target)
                told(result.result)
            self._take(patient, kind, result, due)

    def _take(self, patient: "_Patient", kind: ProbeKind, result: ProbeResult, due: float) -> None:
        now, host = self._clock.now(), patient.host
        with self._lock:
            if not patient.there:
                return
            vitals, changed = patient.vitals, False
            if result.result != "unknown":
                changed = vitals.take(kind, result.result, result.message, now)
            probe = vitals.probe(kind)
            if probe is not None and kind in vitals.wanted:
                pause = probe.period_seconds + patient.put_off.pop(kind, 0.0)
                self._set(patient, kind, _next(due + pause, now, pause))
            self._begin(patient, now)
            sooner = self._sooner()
        self._events.told(host.name, patient.subject, kind, result, now)
        if changed:
            host.changed()
        if sooner:
            self.wake()


def _made(port: Host | None, target: ProbeTarget | None) -> ProbeResult:
    if port is None or target is None:
        return ProbeResult(result="unknown")
    try:
        return port.probe(target)
    except Exception as error:  # noqa: BLE001 -- a fault of ours in one check must not end all those of its host
        return ProbeResult(result="unknown", message=f"fault in trimtab: {error!r}")


def _next(at: float, now: float, pause: float) -> float:
    """Return when a check is made again that is due at ``at``.

    One that is a little late is made now. Where a whole pause was missed, checks are too slow for their pace, or the
    clock was set: they are not made up for.
    """
    return max(at, now) if now - pause < at <= now + pause else now + pause


class _Host:
    """The containers with probes of one host, and the checks of it that are due."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.port: Host | None = None
        self.changed: Callable[[], None] = lambda: None
        self.patients: dict[str, _Patient] = {}
        self.line: deque[tuple[_Patient, ProbeKind, float]] = deque()
        self.running = 0

    @property
    def health(self) -> Mapping[str, Health]:
        found = ((key, patient.vitals.health) for key, patient in sorted(self.patients.items()))
        return {key: health for key, health in found if health is not None}


class _Patient:
    """One container with probes. ``tickets`` names the timer that counts for each kind; 0 while a check runs."""

    def __init__(self, host: _Host, subject: Subject) -> None:
        self.host = host
        self.subject = subject
        self.vitals = Vitals(subject.probes, subject.started_at)
        self.tickets: dict[ProbeKind, int] = {}
        self.put_off: dict[ProbeKind, float] = {}

    @property
    def there(self) -> bool:
        return self.host.patients.get(self.subject.container_id) is self
