import math
from collections.abc import Callable, Mapping, Sequence
from typing import Final, get_args

from msgspec.structs import replace

from agent.model.chores import ChoreOutcome, RemoveImage
from agent.model.desired import HostDesired
from agent.model.observation import Seen
from agent.model.strain import CALM, Shortage
from agent.model.usage import Usage
from agent.planner.host.rules.evict import over_limits
from agent.planner.upkeep import Pressed, UpkeepInput, plan_upkeep
from agent.ports import Event, Host, PortError
from agent.reconciler.host import events as host_events
from agent.reconciler.host.flights import Submit
from agent.reconciler.shared import Shared

_UNDER_PRESSURE: Final = 10.0
"""A kubelet looks as often whether a host is still short of something."""


class Upkeep:
    """Measures a host now and then, and has it cleaned up: images that nobody needs, logs that have grown too large.

    Logs grow without an event, so this is a matter of the clock. It runs beside the loop, since measuring reads much.
    """

    def __init__(self, host: str, shared: Shared, submit: Submit, woken: Callable[[], None]) -> None:
        self._name = host
        self._shared = shared
        self._submit = submit
        self._woken = woken
        self._begun_at: float | None = None
        self._working = False
        self._last_used: Mapping[str, float] = {}
        self.usage: Usage | None = None
        """The newest measurement."""
        self.pressed = Pressed()
        """What the host is short of, as of that measurement."""
        self._strain = CALM

    def due(self) -> float:
        """Return when the next measurement is to be made: never, as long as nothing is known of the host."""
        pause = self._shared.settings.upkeep
        if self._strain.shortages:
            pause = min(pause, _UNDER_PRESSURE)
        return math.inf if self._begun_at is None else self._begun_at + pause

    def with_strain(self, seen: Seen) -> Seen:
        """Return a look at the host with what it is short of."""
        return seen if seen.strain == self._strain else replace(seen, strain=self._strain)

    def refresh(self, host: Host, desired: HostDesired, seen: Seen, now: float) -> None:
        """Measure and clean up, when it is time to; a first time only after one whole pause."""
        if self._begun_at is None or now < self._begun_at:
            self._begun_at = now
        if now < self.due():
            return
        self._begun_at = now
        if not self._working:
            self._working = True
            self._submit(lambda: self._work(host, desired, seen, now))

    def _work(self, host: Host, desired: HostDesired, seen: Seen, now: float) -> None:
        about = (self._name, "upkeep")
        try:
            with self._shared.counters.timed("measure"):
                usage = host.measure()
            policy = self._shared.settings.cleanup
            given = UpkeepInput(
                desired=desired,
                seen=seen,
                usage=usage,
                last_used=self._last_used,
                now=now,
                policy=policy,
                pressed_at=self.pressed.measured_at,
                strain=self._strain,
            )
            plan = plan_upkeep(given)
            before, self._strain = self._strain, plan.strain
            self.usage, self._last_used, self.pressed = usage, plan.last_used, plan.pressed
            outcomes = host.tidy(plan.chores) if plan.chores else ()
        except PortError as error:
            event = host_events.link(self._name, now, reason="UpkeepFailed", message=str(error))
            self._shared.recorder.lasts(about, event)
        else:
            self._shared.recorder.over(about)
            self._tell(plan.short, outcomes, now)
            self._tell_of_pressure(plan.pressed, now)
            if outcomes or plan.strain != before or over_limits(desired, seen, usage):
                self._woken()
        finally:
            self._working = False

    def _tell_of_pressure(self, pressed: Pressed, now: float) -> None:
        for shortage in get_args(Shortage):
            if shortage in pressed.now:
                message = f"{shortage}: {pressed.now[shortage]}"
                event = host_events.link(self._name, now, reason="EvictionThresholdMet", message=message)
                self._shared.recorder.lasts((self._name, shortage), event, identity=shortage)
            elif shortage not in pressed.measured_at:
                self._shared.recorder.over((self._name, shortage))

    def _tell(self, short: str, outcomes: Sequence[ChoreOutcome], now: float) -> None:
        full = (self._name, "disk")
        if short:
            event = host_events.link(self._name, now, reason="FreeDiskSpaceFailed", message=short)
            self._shared.recorder.lasts(full, event)
        else:
            self._shared.recorder.over(full)
        for outcome in outcomes:
            self._shared.counters.chore(outcome)
            if outcome.error or isinstance(outcome.chore, RemoveImage):
                self._shared.recorder.happened(_event(outcome, self._name, now))


def _event(outcome: ChoreOutcome, host: str, now: float) -> Event:
    match outcome.chore:
        case RemoveImage(names=names):
            what, reason = f"removed image {names[0]}, unused on a disk that fills up", "ImageRemoved"
        case chore:
            what, reason = f"rotated the log of container {chore.name}", "LogRotated"
    if outcome.error:
        return Event(at=now, type="Warning", reason="UpkeepFailed", message=outcome.error, host=host)
    return Event(at=now, type="Normal", reason=reason, message=what, host=host)
