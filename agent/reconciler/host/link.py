import threading
from collections.abc import Callable

from agent.model.objects.host import Host as HostObject
from agent.model.objects.meta import Declared
from agent.model.observation import Observation, Seen, Unseen
from agent.ports import Host, Permanent, PortError
from agent.reconciler.backoff import reconnect_delay
from agent.reconciler.settings import HostFactory

_ODD_CLOCK = 60.0
_TURN = 60.0
"""Seconds that a step waits for its turn to connect; then the next one waits on."""


class Link:
    """The way to one host: makes the port, loses it, and says when to try again.

    A port that failed is closed and made anew, so nothing of a broken connection is carried on. What only a person
    can mend is tried again at the slow ``resync`` pace. ``gate`` bounds how many hosts are connected to at one
    moment; a host that is seen never passes it.
    """

    def __init__(
        self, make_host: HostFactory, woken: Callable[[], None], gate: threading.Semaphore, resync: float
    ) -> None:
        self._make_host = make_host
        self._woken = woken
        self._gate = gate
        self._resync = resync
        self._declared: Declared[HostObject] | None = None
        self._failures = 0
        self._retry_at = 0.0
        self.host: Host | None = None
        self.observation: Observation | None = None
        self.refused = False
        self.since = 0.0
        """When the host was seen again, or for the first time."""

    def declare(self, declared: Declared[HostObject] | None) -> None:
        """Take a Host object; a changed way to it closes the old one. None lets go of the host."""
        changed = declared is None or self._declared is None or _way(declared) != _way(self._declared)
        self._declared = declared
        if changed:
            self.close()
            self._failures, self._retry_at = 0, 0.0

    def close(self) -> None:
        """Let go of the connection; what runs through it fails."""
        if self.host is not None:
            self.host.close()
            self.host = None

    def hurry(self) -> None:
        """Try a lost host again now."""
        self._retry_at = 0.0

    def due(self, now: float) -> float | None:
        """Return when a lost host is tried again; None when a look may be taken now."""
        if self._retry_at > now + max(self._resync, _ODD_CLOCK):
            self._retry_at = now  # the clock was set back: a pause counted in the old time would last for ever
        return self._retry_at if self._retry_at > now else None

    def look(self, now: float) -> Observation:
        """Look at the host, through a new port if need be."""
        if self._declared is None:
            raise AssertionError("a host that is not declared is not looked at")
        known = self.observation
        if isinstance(known, Seen):
            self.observation = self._tried(self._declared, now)
        elif self._gate.acquire(timeout=_TURN):
            try:
                self.observation = self._tried(self._declared, now)
            finally:
                self._gate.release()
        else:
            self.observation = known or Unseen(since=now, reason="waits to be connected to, after other hosts")
            self._woken()
        return self.observation

    def _tried(self, declared: Declared[HostObject], now: float) -> Observation:
        try:
            if self.host is None:
                self.host = self._make_host(declared)
                self.host.watch(self._woken)  # before the first look: nothing may happen between the two
            seen = self.host.observe()
        except PortError as error:
            return self._lost(error, now)
        self._failures, self._retry_at, self.refused = 0, 0.0, False
        self.since = self.since if isinstance(self.observation, Seen) else now
        return seen

    def _lost(self, error: PortError, now: float) -> Unseen:
        self.close()
        self._failures += 1
        self.refused = isinstance(error, Permanent)
        name = self._declared.body.metadata.name if self._declared else ""
        self._retry_at = now + (self._resync if self.refused else reconnect_delay(name, self._failures))
        reason = f"{error} ({error.hint})" if error.hint else str(error)
        match self.observation:
            case Unseen(since=since, last_known=last_known):
                return Unseen(since=since, reason=reason, last_known=last_known)
            case known:
                return Unseen(since=now, reason=reason, last_known=known)


def _way(declared: Declared[HostObject]) -> object:
    spec = declared.body.spec
    return spec.ssh, spec.local, spec.runtime_endpoint
