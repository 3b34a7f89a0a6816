import threading
from collections.abc import Callable

from agent.ports import Clock
from agent.reconciler.host_loop import HostLoop
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

    def employ(self, name: str, step: Step, *, rests: bool = False) -> Callable[[], None]:
        """Start a loop; return what wakes it."""
        worker = Worker(name, step, self._clock, self._fault, rests=rests)
        with self._lock:
            self._workers.append(worker)
        worker.start()
        return worker.wake

    def adopt(self, loop: HostLoop) -> None:
        """Start a host's loop."""
        worker = Worker(f"host-{loop.name}", loop.step, self._clock, self._fault)
        with self._lock:
            self._hosts[loop.name] = loop, worker
        loop.wake = worker.wake
        worker.start()

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
            self._batches.add(thread)
        thread.start()

    def let_run(self, work: Callable[[], None]) -> None:
        """Run on a thread of its own what changes nothing: its end is not waited for."""
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
        deadline = self._clock.now() + timeout
        with self._lock:
            hosts = list(self._hosts.values())
            workers = [*self._workers, *(worker for _, worker in hosts)]
        for loop, _ in hosts:
            loop.halt()
        for worker in workers:
            worker.stop()
        with self._lock:
            threads = [*(worker.thread for worker in workers), *self._batches]
        for thread in threads:
            thread.join(max(deadline - self._clock.now(), 0.0))
        for loop, _ in hosts:
            loop.close()
        return not any(thread.is_alive() for thread in threads)
