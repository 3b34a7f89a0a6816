from collections.abc import Iterable
from typing import Final

from agent.model.value import Value
from agent.reconciler.threads import Worker

_ASLEEP: Final = 60.0
"""Seconds between two looks that count at most: a process that was stopped has not made its loops late by that."""


class _Step(Value, frozen=True, kw_only=True):
    number: int
    seen_at: float


class Watch:
    """Tells which loops make no progress, for whoever attests that the agent lives.

    A loop is well while it waits for what wakes it, and while it is in a step for no longer than ``patience`` seconds.
    Every port ends what it does by itself, however its other side hangs, long before that: what outlasts it is stuck in
    trimtab's own code, and so is a loop whose thread is gone.
    """

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._steps: dict[str, _Step] = {}
        self._looked_at: float | None = None
        self._awake = 0.0
        """Seconds that went by since the first look, but for those that nobody here was awake."""

    def look(self, workers: Iterable[Worker], now: float) -> tuple[str, ...]:
        """Return what is wrong with which loop, nothing when all are well; ``now`` is of a clock that is never set."""
        self._awake += min(now - self._looked_at, _ASLEEP) if self._looked_at is not None else 0.0
        self._looked_at = now
        before, self._steps = self._steps, {}
        return tuple(wrong for worker in workers if (wrong := self._wrong(worker, before)))

    def _wrong(self, worker: Worker, before: dict[str, _Step]) -> str:
        name, number = worker.thread.name, worker.step_under_way
        if worker.ended:
            return f"the {name} loop has ended"
        if number is None:
            return ""
        known = before.get(name)
        if known is None or known.number != number:
            known = _Step(number=number, seen_at=self._awake)
        self._steps[name] = known
        late = self._awake - known.seen_at
        return f"the {name} loop has been stuck in a step for {late / 60:.0f} minutes" if late > self._patience else ""
