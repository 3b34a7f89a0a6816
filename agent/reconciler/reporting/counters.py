import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

from agent.model.chores import ChoreOutcome
from agent.model.probing import ProbeKind
from agent.reconciler.reporting.snapshot import Metrics

Stage = Literal["fetch", "load", "plan-fleet", "observe", "plan-host", "execute", "measure"]


class Counters:
    """Numbers that only grow, written by all loops. Stages are timed by a stopwatch, which decides nothing."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: Counter[str] = Counter()
        self._repaired: Counter[str] = Counter()
        self._actions: Counter[tuple[str, str]] = Counter()
        self._chores: Counter[tuple[str, str]] = Counter()
        self._freed = 0
        self._probes: Counter[tuple[str, str]] = Counter()
        self._probe_seconds: dict[str, float] = {}
        self._seconds: dict[str, float] = {}
        self._passes: Counter[str] = Counter()

    def drift_found(self, rule: str) -> None:
        """Count a drift that was not there a moment ago."""
        with self._lock:
            self._found[rule] += 1

    def action(self, verb: str, result: Literal["ok", "failed", "superseded"], *, repaired: str = "") -> None:
        """Count an action that ended; ``repaired`` names the rule of the drift it mended."""
        with self._lock:
            self._actions[verb, result] += 1
            if repaired:
                self._repaired[repaired] += 1

    def chore(self, outcome: ChoreOutcome) -> None:
        """Count a chore of cleaning up that ended."""
        with self._lock:
            self._chores[str(outcome.chore.__struct_config__.tag), "failed" if outcome.error else "ok"] += 1
            self._freed += outcome.freed

    @contextmanager
    def probed(self, kind: ProbeKind) -> Iterator[Callable[[str], None]]:
        """Time a check of a probe, and count it by the result that the yielded function is told."""
        begin, results = time.perf_counter(), list[str]()
        try:
            yield results.append
        finally:
            elapsed = time.perf_counter() - begin
            with self._lock:
                self._probe_seconds[kind] = self._probe_seconds.get(kind, 0.0) + elapsed
                self._probes[kind, results[-1] if results else "unknown"] += 1

    @contextmanager
    def timed(self, stage: Stage) -> Iterator[None]:
        """Time a stage."""
        begin = time.perf_counter()
        try:
            yield
        finally:
            elapsed = time.perf_counter() - begin
            with self._lock:
                self._seconds[stage] = self._seconds.get(stage, 0.0) + elapsed
                self._passes[stage] += 1

    def read(self, queue_depth: int) -> Metrics:
        """Return all numbers as they are now, keys sorted."""
        with self._lock:
            return Metrics(
                drift_found=dict(sorted(self._found.items())),
                drift_repaired=dict(sorted(self._repaired.items())),
                actions=dict(sorted(self._actions.items())),
                chores=dict(sorted(self._chores.items())),
                freed_bytes=self._freed,
                probes=dict(sorted(self._probes.items())),
                probe_seconds=dict(sorted(self._probe_seconds.items())),
                seconds=dict(sorted(self._seconds.items())),
                passes=dict(sorted(self._passes.items())),
                queue_depth=queue_depth,
            )
