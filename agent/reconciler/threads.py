import threading
import time
from collections.abc import Callable
from typing import Final

from agent.ports import Clock

Step = Callable[[float], float | None]

_AT_MOST: Final = 600.0
_AFTER_FAULT: Final = 10.0
_LONGEST_REST: Final = 1.0


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

    def _run(self) -> None:
        wake_at: float | None = None
        while self._awaited(wake_at):
            begun = time.perf_counter()
            try:
                wake_at = self._step(self._clock.now())
            except Exception as error:  # noqa: BLE001 -- see the class: one loop's bug must not end the others
                self._fault(self.thread.name, error)
                self._rest(_AFTER_FAULT)
                self.wake()
            else:
                if self._rests:
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
