"""What the agent attests of itself: to systemd's watchdog, and at ``/healthz``."""

import time
from collections.abc import Callable
from typing import Final

import structlog

TURN: Final = 30.0
"""Seconds that the control loop takes for a turn at most."""
_MISSED: Final = 3 * TURN
_log: Final = structlog.get_logger()


class Health:
    """Whether every loop of an agent makes progress, as of the control loop's last turn, and that it takes turns.

    ``stuck`` looks at the loops, by a clock that is never set, and says what is wrong with which.
    """

    def __init__(self, stuck: Callable[[float], tuple[str, ...]], now: Callable[[], float] = time.monotonic) -> None:
        self._stuck = stuck
        self._now = now
        self._wrong: tuple[str, ...] = ()
        self._turned_at = now()

    def turn(self) -> bool:
        """Look at all loops; log what is wrong when that is news. Tells whether the agent may go on."""
        now = self._now()
        before, self._wrong = self._wrong, self._stuck(now)
        self._turned_at = now
        named = {wrong.partition(" loop ")[0] for wrong in before}
        for wrong in self._wrong:
            if wrong.partition(" loop ")[0] not in named:
                _log.error(f"{wrong}: no sign of life is given any more, so that systemd starts the agent again")
        return not self._wrong

    def ailing(self) -> str:
        """Return what is wrong, empty when all is well. From any thread."""
        silent = self._now() - self._turned_at
        if silent > _MISSED:
            return f"the control loop has taken no turn for {silent:.0f} seconds"
        return "; ".join(self._wrong)
