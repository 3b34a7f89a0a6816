from collections.abc import Collection, Mapping
from typing import Final

from agent.model.objects.meta import PodKey
from agent.model.plan import Failure
from agent.reconciler.host.flights import Ended, Wishes
from agent.reconciler.host.wishes import same_wish

_FUTILE: Final = 5
"""After this many successes in a row that left a pod in need of more, each further one counts as a failure."""


class Failures:
    """Rows of failed attempts by pod: what the host planner backs off from.

    An action that succeeds ends the row. One that succeeds again and again, and is asked for again each time, is a
    failure too: it must not spin. A lost link is nobody's failure: the host's own back-off covers it. A pod that is
    wanted differently starts afresh, so that a mended image is tried at once.
    """

    def __init__(self) -> None:
        self._rows: dict[PodKey, Failure] = {}
        self._futile: dict[PodKey, int] = {}

    @property
    def rows(self) -> Mapping[PodKey, Failure]:
        """The rows as they are now."""
        return dict(self._rows)

    def take(self, ended: Ended, now: float) -> None:
        """Take in how an action ended."""
        pod, outcome = ended.action.pod, ended.outcome
        if ended.overtaken or outcome.superseded or outcome.kind == "unreachable":
            return
        if outcome.error:
            self._add(pod, outcome.error, outcome.kind, now)
            return
        self._futile[pod] = self._futile.get(pod, 0) + 1
        if self._futile[pod] >= _FUTILE:
            message = f"{ended.action.verb} was done {self._futile[pod]} times in a row and is still needed"
            self._add(pod, message, "runtime", now)
        else:
            self._rows.pop(pod, None)

    def _add(self, pod: PodKey, message: str, kind: str, now: float) -> None:
        known = self._rows.get(pod)
        self._rows[pod] = Failure(count=known.count + 1 if known else 1, last_at=now, message=message, kind=kind)

    def keep(self, known: Collection[PodKey], needy: Collection[PodKey]) -> None:
        """Take in which pods there are, and which of them need something: successes of others were not in vain."""
        self._futile = {pod: count for pod, count in self._futile.items() if pod in needy}
        self._rows = {pod: row for pod, row in self._rows.items() if pod in known}

    def rewished(self, before: Wishes, after: Wishes) -> None:
        """Forget the rows of pods that are wanted differently now."""
        for pod in sorted({*self._rows, *self._futile}):
            if not same_wish(before.get(pod), after.get(pod)):
                self._rows.pop(pod, None)
                self._futile.pop(pod, None)
