import threading
from contextlib import suppress

from agent.ports import Event, Journal, PortError


class Recorder:
    """Writes events to the journal, from any loop, each once.

    An event about a state that lasts (``about`` names it: a host's link, a pod's back-off) is written when the state
    changes, not at every look: the same text about the same thing is not repeated until something else was said of
    it, or until ``over`` closed it. A journal that cannot be written (a full disk) costs events, never healing.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._lock = threading.Lock()
        self._said: dict[tuple[str, ...], str] = {}

    def happened(self, event: Event) -> None:
        """Record something that happened."""
        with self._lock:
            self._write(event)

    def lasts(self, about: tuple[str, ...], event: Event, *, identity: str = "") -> None:
        """Record a state unless it was the last thing recorded about it; ``identity`` stands for the message."""
        said = f"{event.reason} {identity or event.message}"
        with self._lock:
            if self._said.get(about) != said:
                self._said[about] = said
                self._write(event)

    def over(self, about: tuple[str, ...]) -> bool:
        """Forget a state that ended; tell whether there was one."""
        with self._lock:
            return self._said.pop(about, None) is not None

    def _write(self, event: Event) -> None:
        with suppress(PortError):
            self._journal.record(event)
