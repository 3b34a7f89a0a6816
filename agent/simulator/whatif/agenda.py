import heapq
import itertools
from collections.abc import Callable


class Agenda:
    """Work that is to be done at a certain time; steps like a loop of the agent's."""

    def __init__(self) -> None:
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self.wake: Callable[[], None] = lambda: None

    def put(self, at: float, work: Callable[[], None]) -> None:
        """Have something done at a time."""
        heapq.heappush(self._due, (at, next(self._numbers), work))
        self.wake()

    def step(self, now: float) -> float | None:
        """Do one thing that is due; return when the next one is."""
        if self._due and self._due[0][0] <= now:
            heapq.heappop(self._due)[2]()
        return self._due[0][0] if self._due else None
