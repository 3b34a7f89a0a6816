"""What the metrics server says to the questions of autoscalers."""

import math
import threading
from collections.abc import Callable
from typing import Final

from agent.ports import MetricsServer, PortError, Unreachable
from agent.reconciler.shared import Shared

_NOBODY: Final = "no metrics server is named: spec.prometheus of the agent's configuration does"


class Asking:
    """Asks all questions, one after another, as often as autoscalers look; on a thread of its own.

    A server that does not answer is asked once a round, not once for each question.
    """

    def __init__(self, server: MetricsServer | None, shared: Shared) -> None:
        self._server = server
        self._shared = shared
        self._lock = threading.Lock()
        self._wanted: tuple[str, ...] = ()
        self._asked: tuple[str, ...] = ()
        self._due = -math.inf
        self.wake: Callable[[], None] = lambda: None

    def want(self, queries: tuple[str, ...]) -> None:
        """Take what is to be asked from now on. From any thread."""
        with self._lock:
            same, self._wanted = queries == self._wanted, queries
        if not same:
            self.wake()

    def step(self, now: float) -> float | None:
        """Ask, when it is time to, or when something else is to be asked; return when to ask again."""
        with self._lock:
            wanted = self._wanted
        pause = self._shared.settings.autoscaling
        if wanted != self._asked or not self._due - pause <= now < self._due:
            self._asked, self._due = wanted, now + pause
            self._shared.inbox.answered(self._answers(wanted))
        return self._due if wanted else None

    def _answers(self, queries: tuple[str, ...]) -> dict[str, float | str]:
        if self._server is None:
            return dict.fromkeys(queries, _NOBODY)
        answers: dict[str, float | str] = {}
        unreachable = ""
        for query in queries:
            try:
                answers[query] = unreachable or self._server.query(query)
            except PortError as error:
                answers[query] = f"{error} ({error.hint})" if error.hint else str(error)
                unreachable = str(answers[query]) if isinstance(error, Unreachable) else ""
        return answers
