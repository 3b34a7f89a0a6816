from typing import Final

START: Final = 1_700_000_000.0
"""When simulations begin, unless something else is asked for."""


class SimulatedClock:
    """Time that passes only when told to; the simulated side of ``ports.Clock``."""

    def __init__(self, start: float = START) -> None:
        self._now = start

    def now(self) -> float:
        """Return seconds since the epoch."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._now += max(seconds, 0.0)

    def jump(self, seconds: float) -> None:
        """Set the clock, forward or back, without time passing."""
        self._now += seconds
