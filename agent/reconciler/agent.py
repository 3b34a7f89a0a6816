import queue
from collections.abc import Callable, Mapping

from agent.ports import Clock, Event, Journal, MetricsServer, Source
from agent.reconciler.assembly import assemble
from agent.reconciler.crew import Crew
from agent.reconciler.inbox import Receipt
from agent.reconciler.reporting.snapshot import Snapshot
from agent.reconciler.settings import HostFactory, Settings
from agent.reconciler.threads import no_thread_left, out_of_threads, threads_suffice
from agent.reconciler.watch import Watch

_SPACING = 0.1


class Agent:
    """Holds a fleet to its source until told to stop: the loops, each on a thread of its own.

    ``publish`` is called from one thread, with a new Snapshot whenever something changed; changes within a tenth of
    a second are one. ``restore`` holds hosts to the revision that was in force before, until the source says more.
    Making an Agent reads the journal and may raise PortError; nothing else happens before ``run``.
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
        metrics: MetricsServer | None = None,
        restore: bool = True,
    ) -> None:
        self._clock = clock
        self._publish = publish
        self._published_at = 0.0
        self._crew = Crew(clock, self._fault)
        self._watch = Watch(settings.patience)
        self._out_of_threads = False
        self._stop_asked: queue.SimpleQueue[float] = queue.SimpleQueue()
        self._loops = assemble(
            source,
            make_host,
            journal=journal,
            settings=settings,
            driver=self._crew,
            submit=self._crew.submit,
            submit_check=self._crew.let_run,
            clock=clock,
            changed=self._crew.employ("publisher", self._show),
            metrics=metrics,
            restore=restore,
        )
        self._loops.shared.inbox.wake = self._crew.employ("fleet", self._loops.fleet.step, rests=True)
        self._loops.prober.wake = self._crew.employ("prober", self._loops.prober.step)
        self._loops.asking.wake = self._crew.employ("metrics", self._loops.asking.step)
        self._wake_source = self._crew.employ("source", self._loops.source.step)

    def run(self) -> bool:
        """Run until ``stop``; tell whether everything ended within its time limit.

        Raises Temporary where the system gives no thread any more. Libraries start threads of their own, and not all
        say so when they get none: an agent that went on might take every host for unseen, and make its pods elsewhere.
        """
        timeout = 0.0
        with threads_suffice():
            try:
                self._crew.begin()
                timeout = self._stop_asked.get()
            finally:
                ended = self._crew.dismiss(timeout)
                self._publish(self.snapshot())
        if self._out_of_threads:
            raise no_thread_left()
        return ended

    def stop(self, timeout: float = 10.0) -> None:
        """Make ``run`` end: steps under way end, no further one starts. From a signal handler or any thread."""
        self._stop_asked.put(timeout)

    def wake(self) -> None:
        """Look at the source now (a push)."""
        self._wake_source()

    def look(self) -> None:
        """Look at everything now: the source, and every host (SIGHUP)."""
        self.wake()
        self._crew.wake_hosts()

    def approve(self, revision: str, saved: Receipt) -> None:
        """Let a revision past the prune guard; ``saved`` is called once that outlives the agent."""
        self._loops.shared.inbox.approve(revision, saved)

    def move(self, moves: Mapping[str, str], saved: Receipt) -> None:
        """Move pods, by ``namespace/name``, off the hosts that they are named with, as budgets allow.

        ``saved`` is called once that outlives the agent.
        """
        self._loops.shared.inbox.ask(moves, saved)

    def stuck(self, now: float) -> tuple[str, ...]:
        """Return which loops make no progress; ``now`` is of a clock that is never set. From one thread only."""
        return self._watch.look(self._crew.workers, now)

    def snapshot(self) -> Snapshot:
        """Return the agent as it is now."""
        return self._loops.shared.board.snapshot(self._clock.now())

    def _show(self, now: float) -> float | None:
        if self._published_at <= now < self._published_at + _SPACING:
            return self._published_at + _SPACING
        self._published_at = now
        self._publish(self.snapshot())
        return None

    def _fault(self, loop: str, error: Exception) -> None:
        import structlog  # noqa: PLC0415 - a command that only looks at hosts logs nothing, and starts faster without

        if out_of_threads(error):
            message = f"the {loop} loop got no thread, so the agent ends: {no_thread_left().hint}"
            event = Event(at=self._clock.now(), type="Warning", reason="OutOfThreads", message=message)
            self._loops.shared.recorder.lasts(("threads",), event, identity="ends")
            self._out_of_threads = True
            self.stop()
            return
        structlog.get_logger(__name__).error("fault in a loop; it goes on in ten seconds", loop=loop, exc_info=error)
        message = f"fault in trimtab's {loop} loop: {error!r}; it goes on in ten seconds"
        event = Event(at=self._clock.now(), type="Warning", reason="LoopFault", message=message)
        self._loops.shared.recorder.lasts(("fault", loop), event)
