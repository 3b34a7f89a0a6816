import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from agent.ports import Clock, Temporary

Step = Callable[[float], float | None]

_AT_MOST: Final = 600.0
_AFTER_FAULT: Final = 10.0
_LONGEST_REST: Final = 1.0
_NO_THREAD: Final = "can't start new thread"


class Worker:
    """Steps one loop on a thread of its own: when woken, and when its time comes. Wakes in between coalesce.

    A fault in a step (a bug) is handed to ``fault``, and the loop steps again a little later, not sooner when it is
    woken: it must neither end the other loops, nor take their time, nor fill the log. A loop that ``rests`` pauses
    after each step for as long as the step took: one that is woken all the time then takes no more than half of the
    time there is.
    """

    def __init__(
        self, name: str, step: Step, clock: Clock, fault: Callable[[str, Exception], None], *, rests: bool = False
    ) -> None:
        self._rests = rests
        self._step = step
        self._clock = clock
        self._fault = fault
        self._condition = threading.Condition()
        self._woken = True
        self._stopping = False
        self._steps = 0
        self.step_under_way: int | None = None
        """Its number; None while the loop waits for what wakes it."""
        self.thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin, with a first step at once."""
        self.thread.start()

    def wake(self) -> None:
        """Ask for a step. From any thread."""
        with self._condition:
            self._woken = True
            self._condition.notify()

    def stop(self) -> None:
        """Ask for no further step; returns at once."""
        with self._condition:
            self._stopping = True
            self._condition.notify()

    @property
    def ended(self) -> bool:
        """Whether its thread is gone, and nobody asked for that."""
        return self.thread.ident is not None and not (self._stopping or self.thread.is_alive())

    def _run(self) -> None:
        wake_at: float | None = None
        while self._awaited(wake_at):
            begun = time.perf_counter()
            self._steps += 1
            self.step_under_way = self._steps
            failed = False
            try:
                wake_at = self._step(self._clock.now())
            except Exception as error:  # noqa: BLE001 -- see the class: one loop's bug must not end the others
                self._fault(self.thread.name, error)
                failed = True
            self.step_under_way = None
            if failed:
                self._rest(_AFTER_FAULT)
                self.wake()
            elif self._rests:
                self._rest(min(time.perf_counter() - begun, _LONGEST_REST))

    def _rest(self, seconds: float) -> None:
        with self._condition:
            self._condition.wait_for(lambda: self._stopping, seconds)

    def _awaited(self, wake_at: float | None) -> bool:
        """Wait until a step is due; False once stopping. Never longer than ten minutes: clocks get set."""
        with self._condition:
            if not (self._woken or self._stopping):
                timeout = None if wake_at is None else min(max(wake_at - self._clock.now(), 0.0), _AT_MOST)
                self._condition.wait(timeout)
            self._woken = False
            return not self._stopping


def out_of_threads(error: BaseException) -> bool:
    """Tell whether an error is the system's word that it has no thread to give."""
    return isinstance(error, RuntimeError) and str(error) == _NO_THREAD


@contextmanager
def threads_suffice() -> Iterator[None]:
    """Say of a process that gets no thread any more that this is so. Raises Temporary."""
    try:
        yield
    except RuntimeError as error:
        if out_of_threads(error):
            raise no_thread_left() from error
        raise


def no_thread_left() -> Temporary:
    """Return the error of a process that gets no thread any more."""
    return Temporary(
        "the system gives this process no further thread",
        hint="raise its limit (TasksMax of the systemd unit, ulimit -u): some fifty, and twenty for each host",
    )
