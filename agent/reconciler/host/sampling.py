"""What the containers of a host use right now, as often as autoscalers look at it."""

import math
from collections.abc import Mapping
from typing import Final

from agent.model.usage import ContainerUsage, Load
from agent.ports import Host, PortError
from agent.reconciler.host import events as host_events
from agent.reconciler.host.flights import Submit
from agent.reconciler.shared import Shared

_Sample = tuple[float, Mapping[str, ContainerUsage]]
_LONGEST: Final = 4
"""Over more than so many pauses an average says nothing of now."""


class Sampling:
    """Asks one host what its containers use, beside its loop, and makes a load of two samples.

    Only while it is ``wanted``: a host that no autoscaler decides by is left alone.
    """

    def __init__(self, host: str, shared: Shared, submit: Submit) -> None:
        self._name = host
        self._shared = shared
        self._submit = submit
        self._begun_at: float | None = None
        self._working = False
        self._last: _Sample | None = None
        self.wanted = False

    def due(self) -> float:
        """Return when the next sample is to be taken: never, while nobody asks for any, or before the first."""
        if not self.wanted or self._begun_at is None:
            return math.inf
        return self._begun_at + self._shared.settings.autoscaling

    def refresh(self, host: Host, now: float) -> None:
        """Take a sample, when it is time to."""
        begun = self._begun_at
        if not self.wanted or (begun is not None and begun <= now < self.due()):
            return
        self._begun_at = now
        if not self._working:
            self._working = True
            self._submit(lambda: self._work(host, now))

    def _work(self, host: Host, now: float) -> None:
        about = (self._name, "sample")
        before, self._last = self._last, None
        try:
            with self._shared.counters.timed("measure"):
                containers = host.sample()
        except PortError as error:
            self._shared.inbox.loaded(self._name, None)
            event = host_events.link(self._name, now, reason="MeasureFailed", message=str(error))
            self._shared.recorder.lasts(about, event)
        else:
            self._shared.recorder.over(about)
            self._last = now, containers
            if before is not None and 0 < now - before[0] <= _LONGEST * self._shared.settings.autoscaling:
                self._shared.inbox.loaded(self._name, load_between(before, self._last))
        finally:
            self._working = False


def load_between(before: _Sample, after: _Sample) -> Load:
    """Return what containers use, from two samples: CPU of those that are in both, over the time by their own clock."""
    (begun, first), (ended, second) = before, after
    cpu = {}
    for container, now in second.items():
        was = first.get(container)
        if was is not None and now.at > was.at and now.cpu_seconds >= was.cpu_seconds:
            cpu[container] = (now.cpu_seconds - was.cpu_seconds) / (now.at - was.at)
    memory = {container: now.memory_bytes for container, now in second.items()}
    return Load(at=ended, window=ended - begun, cpu=cpu, memory=memory)
