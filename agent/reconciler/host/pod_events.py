from collections.abc import Collection, Iterable

from agent.model.objects.meta import PodKey
from agent.model.plan import Waiting
from agent.reconciler.host import events as host_events
from agent.reconciler.host.flights import Ended
from agent.reconciler.reporting.recorder import Recorder


class PodEvents:
    """Tells what becomes of the pods of one host: each action that ends, and what fails or waits once in a row."""

    def __init__(self, host: str, recorder: Recorder) -> None:
        self._host = host
        self._recorder = recorder
        self._told: set[PodKey] = set()

    def ended(self, one: Ended, revision: str, now: float) -> None:
        """Tell how an action ended."""
        for event in host_events.warned(one, self._host, revision, now):
            self._recorder.happened(event)
        event, pod = host_events.ended(one, self._host, revision, now), one.action.pod
        if one.outcome.error:
            self._told.add(pod)
            self._recorder.lasts(self._about("failed", pod), event)
        else:
            self._recorder.over(self._about("failed", pod))
            self._recorder.happened(event)

    def wait(self, waiting: Iterable[Waiting], now: float) -> None:
        """Tell what waits, where that is more than a step of normal work."""
        for one in waiting:
            event = host_events.waits(one, self._host, now)
            if event is not None:
                if one.pod:
                    self._told.add(one.pod)
                self._recorder.lasts(self._about("waits", one.pod), event, identity=one.reason)

    def keep(self, pods: Collection[PodKey]) -> None:
        """Forget what was told of all other pods: they are gone."""
        for pod in sorted(self._told.difference(pods)):
            self._told.discard(pod)
            self._recorder.over(self._about("failed", pod))
            self._recorder.over(self._about("waits", pod))

    def _about(self, what: str, pod: PodKey | None) -> tuple[str, ...]:
        return (self._host, what, str(pod or ""))
