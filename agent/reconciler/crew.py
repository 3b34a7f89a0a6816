import threading
import time
from collections.abc import Callable

from agent.ports import Clock
from agent.reconciler.host.loop import HostLoop
from agent.reconciler.threads import Step, Worker


class Crew:
    """The threads of an agent: one for each loop, and one for each batch of actions that is under way.

    A host gets its own thread, not a place in a pool: with any common bound, enough hosts that hang would stop the
    rest. A thread that waits costs some tens of kilobytes and no time, so a thousand hosts are a thousand threads.
    What is bounded is bounded for each host (batches, actions), and for connecting (``Settings.connections``).
    """

    def __init__(self, clock: Clock, fault: Callable[[str, Exception], None]) -> None:
        self._clock = clock
        self._fault = fault
        self._lock = threading.Lock()
        self._workers: list[Worker] = []
        self._hosts: dict[str, tuple[HostLoop, Worker]] = {}
        self._batches: set[threading.Thread] = set()
        self._dismissed = False

    def employ(self, name: str, step: Step, *, rests: bool = False) -> Callable[[], None]:
        """Take on a loop, which ``begin`` starts; return what wakes it."""
        worker = Worker(name, step, self._clock, self._fault, rests=rests)
        self._workers.append(worker)
        return worker.wake

    def begin(self) -> None:
        """Start the loops that were taken on."""
        for worker in self._workers:
            worker.start()

    @property
    def workers(self) -> tuple[Worker, ...]:
        """All that step a loop at the moment."""
        with self._lock:
            return *self._workers, *(worker for _, worker in self._hosts.values())

    def adopt(self, loop: HostLoop) -> None:
        """Start a host's loop; none is any more once all are being stopped."""
        worker = Worker(f"host-{loop.name}", loop.step, self._clock, self._fault)
        loop.wake = worker.wake
        with self._lock:
            if not self._dismissed:
                worker.start()
                self._hosts[loop.name] = loop, worker

    def release(self, loop: HostLoop) -> None:
        """Stop a host's loop."""
        with self._lock:
            _, worker = self._hosts.pop(loop.name)
        worker.stop()

    def submit(self, work: Callable[[], None]) -> None:
        """Run a piece of work on a thread of its own."""

        def run() -> None:
            try:
                work()
            finally:
                with self._lock:
                    self._batches.discard(thread)

        thread = threading.Thread(target=run, name="batch", daemon=True)
        with self._lock:
            thread.start()
            self._batches.add(thread)

    def let_run(self, work: Callable[[], None]) -> None:
        """Run likewise what changes nothing: its end is not waited for."""
        threading.Thread(target=work, name="check", daemon=True).start()

    def wake_hosts(self) -> None:
        """Have every host looked at, those that wait to be tried again, too."""
        with self._lock:
            loops = [loop for loop, _ in self._hosts.values()]
        for loop in loops:
            loop.hurry()

    def dismiss(self, timeout: float) -> bool:
        """Stop everything: steps under way end, no further one starts. Tells whether all ended in time.

        What hangs in the outside world is left behind on its daemon thread: after a crash the same is true.
        """
        deadline = time.perf_counter() + timeout
        with self._lock:
            self._dismissed = True
            hosts = list(self._hosts.values())
            workers = [*self._workers, *(worker for _, worker in hosts)]
        for loop, _ in hosts:
            loop.halt()
        for worker in workers:
            worker.stop()
        with self._lock:
            threads = [*(worker.thread for worker in workers), *self._batches]
        threads = [thread for thread in threads if thread.ident is not None]  # started at all
        for thread in threads:
            thread.join(max(deadline - time.perf_counter(), 0.0))
        ended = not any(thread.is_alive() for thread in threads)  # by themselves: closing breaks off the rest
        for loop, _ in hosts:
            loop.close()
        return ended
