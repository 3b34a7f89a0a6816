import threading
from collections.abc import Callable

import msgspec

from agent.reconciler.reporting.counters import Counters
from agent.reconciler.reporting.snapshot import FleetState, HostState, Snapshot, SourceState


class Board:
    """Where every loop pins what it knows, and from where the outside reads the whole.

    ``current`` tells whether the fleet loop has taken in everything that was reported; ``changed`` is called whenever
    a new snapshot would differ.
    """

    def __init__(
        self, agent: str, counters: Counters, *, current: Callable[[], bool], changed: Callable[[], None]
    ) -> None:
        self._agent = agent
        self._counters = counters
        self._current = current
        self._changed = changed
        self._lock = threading.Lock()
        self._source = SourceState()
        self._fleet = FleetState()
        self._hosts: dict[str, HostState] = {}

    def source(self, state: SourceState) -> None:
        """Pin the source's state."""
        with self._lock:
            self._source = state
        self._changed()

    def fleet(self, state: FleetState) -> None:
        """Pin the fleet's state."""
        with self._lock:
            self._fleet = state
        self._changed()

    def host(self, state: HostState) -> None:
        """Pin one host's state."""
        with self._lock:
            self._hosts[state.name] = state
        self._changed()

    def unsettle(self, host: str) -> None:
        """Say that a host has something new to do, before its loop gets to say so itself."""
        with self._lock:
            known = self._hosts.get(host)
            if known is not None:
                self._hosts[host] = msgspec.structs.replace(known, settled=False)

    def gone(self, host: str) -> None:
        """Take down a host that is not declared any more."""
        with self._lock:
            self._hosts.pop(host, None)
        self._changed()

    def snapshot(self, now: float) -> Snapshot:
        """Return everything as it is now."""
        with self._lock:
            # Asked under the lock that hosts pin with: a host that is settled here has been heard by the fleet loop.
            current = self._current()
            source, hosts = self._source, tuple(self._hosts[name] for name in sorted(self._hosts))
            fleet = msgspec.structs.replace(self._fleet, current=current)
        depth = sum(max(host.planned, len(host.in_flight)) for host in hosts)
        return Snapshot(
            at=now,
            agent=self._agent,
            source=source,
            fleet=fleet,
            hosts=hosts,
            metrics=self._counters.read(depth),
            converged=_converged(source, fleet, hosts),
        )


def _converged(source: SourceState, fleet: FleetState, hosts: tuple[HostState, ...]) -> bool:
    declared = {status.key.name for status in fleet.statuses if status.key.kind == "Host"}
    return (
        source.head is not None
        and fleet.in_force is not None
        and fleet.in_force.id == source.head.id
        and fleet.current
        # Before the first plan, and before a host's first look, nothing speaks against it: that is no convergence.
        and fleet.planned_at > 0
        and declared == {host.name for host in hosts}
        and all(status.settled for status in fleet.statuses)
        and all(host.settled and not host.waiting for host in hosts)
    )
