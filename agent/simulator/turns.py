import random
from collections.abc import Callable

from agent.reconciler.host.loop import HostLoop
from agent.reconciler.threads import Step


class _Loop:
    def __init__(self, step: Step) -> None:
        self.step = step
        self.woken = True
        self.wake_at: float | None = None

    def wake(self) -> None:
        self.woken = True


class Turns:
    """Steps the loops of one agent one at a time, in an order drawn from the seed, where threads would run at once.

    Batches of actions wait in line like loops do; one that has begun is interrupted only by the simulated host,
    between its steps, for whatever else happens meanwhile.
    """

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._loops: dict[str, _Loop] = {}
        self._batches: list[Callable[[], None]] = []

    def employ(self, name: str, step: Step) -> Callable[[], None]:
        """Take in a loop; return what wakes it."""
        self._loops[name] = _Loop(step)
        return self._loops[name].wake

    def adopt(self, loop: HostLoop) -> None:
        """Take in a host's loop."""
        loop.wake = self.employ(f"host {loop.name}", loop.step)

    def release(self, loop: HostLoop) -> None:
        """Step a host's loop no more."""
        del self._loops[f"host {loop.name}"]

    def submit(self, work: Callable[[], None]) -> None:
        """Put a batch in line."""
        self._batches.append(work)

    @property
    def busy(self) -> bool:
        """Whether somebody has a turn right now."""
        return bool(self._batches) or any(loop.woken for loop in self._loops.values())

    def wake(self, name: str) -> None:
        """Wake one loop."""
        self._loops[name].wake()

    def wait(self, now: float) -> float | None:
        """Return how long nobody has a turn; 0 when somebody has one, None when nobody ever will."""
        if self.busy:
            return 0.0
        times = [loop.wake_at for loop in self._loops.values() if loop.wake_at is not None]
        return max(min(times) - now, 0.0) if times else None

    def take(self, now: float) -> str:
        """Give one of those that may go a turn; return whose it was, empty when nobody could go."""
        ready = [name for name, loop in sorted(self._loops.items()) if loop.woken or (loop.wake_at or now + 1) <= now]
        names = [*ready, *(["a batch"] if self._batches else [])]
        if not names:
            return ""
        chosen = self._rng.choice(names)
        if chosen == "a batch":
            self._batches.pop(self._rng.randrange(len(self._batches)))()
            return chosen
        loop = self._loops[chosen]
        loop.woken, loop.wake_at = False, None
        loop.wake_at = loop.step(now)
        return chosen
