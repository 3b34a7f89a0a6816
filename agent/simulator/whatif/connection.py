from collections.abc import Callable, Mapping, Sequence
from typing import Literal, Protocol

from agent.model.action import Action, Outcome
from agent.model.chores import Chore, ChoreOutcome
from agent.model.observation import ContainerSeen, Seen
from agent.model.probing import ProbeResult, ProbeTarget
from agent.model.usage import ContainerUsage, Usage
from agent.planner.host import Impossible
from agent.ports import Unreachable
from agent.simulator.whatif.machine import Imagined


class Audience(Protocol):
    """Who hears what is done to machines."""

    def started(self, machine: Imagined, containers: Sequence[ContainerSeen]) -> None:
        """Hear which containers just began to run."""

    def acted(self, machine: Imagined, action: Action) -> None:
        """Hear that an action was carried out."""


class Connection:
    """The way to an imagined machine: a ``ports.Host``."""

    def __init__(self, machine: Imagined, audience: Audience) -> None:
        self._machine = machine
        self._audience = audience
        self._closed = False

    @property
    def name(self) -> str:
        """The Host object's name."""
        return self._machine.name

    def observe(self) -> Seen:
        """Look at everything once."""
        self._reach()
        return self._machine.look()

    def execute(
        self, actions: Sequence[Action], *, report: Callable[[Outcome], None], superseded: Callable[[], bool]
    ) -> None:
        """Do the actions, each after those that it waits for; all of them at this moment."""
        left, well = list(actions), set[str]()
        while left:
            over = superseded()
            action = next((one for one in left if well.issuperset(one.after)), left[0])
            left.remove(action)
            if over:
                report(Outcome(action=action.id, pod=action.pod, superseded=True))
            elif not well.issuperset(action.after):
                report(_failed(action, "an action before it failed", "runtime"))
            else:
                outcome = self._do(action)
                if not outcome.error:
                    well.add(action.id)
                report(outcome)

    def _do(self, action: Action) -> Outcome:
        try:
            for step in action.steps:
                self._reach()
                if begun := self._machine.do(step):
                    self._audience.started(self._machine, begun)
        except Impossible as error:
            return _failed(action, str(error), "runtime")
        except Unreachable as error:
            return _failed(action, str(error), "unreachable")
        self._audience.acted(self._machine, action)
        self._machine.changed()
        return Outcome(action=action.id, pod=action.pod)

    def probe(self, target: ProbeTarget) -> ProbeResult:
        """Find everything that runs to be well."""
        running = any(one.id == target.container_id and one.state == "running" for one in self._machine.seen.containers)
        return ProbeResult(result="success" if running and self._machine.up else "unknown")

    def measure(self) -> Usage:
        """Measure nothing: load is not imagined."""
        self._reach()
        return Usage(at=self._machine.now)

    def sample(self) -> Mapping[str, ContainerUsage]:
        """Ask nothing, for the same reason."""
        self._reach()
        return {}

    def tidy(self, chores: Sequence[Chore]) -> Sequence[ChoreOutcome]:
        """Have nothing to clean up."""
        return tuple(ChoreOutcome(chore=chore) for chore in chores)

    def refresh_images(self, images: Sequence[str]) -> None:
        """Have no tag move."""
        del images
        self._reach()

    def watch(self, wake: Callable[[], None]) -> None:
        """Have ``wake`` called when something changes on the machine, or when it is lost."""

        def changed() -> None:
            if not self._closed:
                wake()

        self._machine.changed = changed

    def close(self) -> None:
        """Let go of the connection."""
        self._closed = True

    def _reach(self) -> None:
        if self._closed or not self._machine.up:
            raise Unreachable(f"{self._machine.name} does not answer")


def _failed(action: Action, error: str, kind: Literal["runtime", "unreachable"]) -> Outcome:
    return Outcome(action=action.id, pod=action.pod, error=error, kind=kind)
