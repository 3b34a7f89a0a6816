from collections.abc import Callable

from agent.ports import Clock, Journal, Source
from agent.reconciler.settings import HostFactory, Settings
from agent.reconciler.snapshot import Snapshot


class Agent:
    """Holds a fleet to its source until told to stop: the loops, each on a thread of its own.

    ``publish`` is called from one thread, with a new Snapshot whenever something changed (changes coalesce).
    """

    def __init__(
        self,
        source: Source,
        make_host: HostFactory,
        *,
        clock: Clock,
        journal: Journal,
        settings: Settings,
        publish: Callable[[Snapshot], None],
    ) -> None:
        raise NotImplementedError

    def start(self) -> None:
        """Start the loops and return."""

    def run(self) -> None:
        """Start the loops and return once stopped."""

    def stop(self, timeout: float = 10.0) -> bool:
        """Stop the loops; running steps end, no further one starts. Tells whether all ended in time.

        May be called from a signal handler or any thread.
        """
        raise NotImplementedError

    def wake(self, reason: str) -> None:
        """Look at the source now (a push, SIGHUP)."""

    def approve(self, revision: str) -> None:
        """Let a revision past the prune guard."""

    def snapshot(self) -> Snapshot:
        """Return the agent as it is now."""
        raise NotImplementedError
