"""One connection to a host's runtime and everything that lives as long as it does."""

import threading
from collections.abc import Callable

from agent.hosts.cri.client import Runtime
from agent.hosts.events import EventStream, Exits
from agent.hosts.execute.pulls import Pulls
from agent.hosts.link import Link
from agent.hosts.look.observe import Memo


class Session:
    """A link, the runtime reached through it, and what was learned on it."""

    def __init__(self, link: Link, *, host: str) -> None:
        self.link = link
        self.runtime = Runtime(link.target)
        self.closed = threading.Event()
        self.exits = Exits()
        self.memo = Memo(self.exits)
        self.pulls = Pulls(self.runtime, self.link, host=host)
        self._events: EventStream | None = None

    def listen(self, wake: Callable[[], None]) -> None:
        """Open the event stream unless it is open."""
        if self._events is None or self._events.lost:
            self._events = EventStream(self.runtime, self.exits, wake)

    def close(self) -> None:
        """Let go of everything."""
        self.closed.set()
        if self._events:
            self._events.close()
        self.runtime.close()
        self.link.close()
