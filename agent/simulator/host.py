from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from agent.model.action import Action, AnyStep, Outcome
from agent.model.chores import Chore, ChoreOutcome
from agent.model.observation import Seen
from agent.model.probing import ProbeResult, ProbeTarget
from agent.model.usage import ContainerUsage, Usage
from agent.ports import Permanent, Unreachable
from agent.simulator.effects import StepFailed
from agent.simulator.machine import Machine


class Conditions(Protocol):
    """What the world does to a host while it is being looked at and changed."""

    def look(self, machine: Machine) -> Seen:
        """Return what a look shows: the truth, or what was true a moment ago. Raises PortError."""

    def deaf(self, machine: Machine) -> bool:
        """Tell whether an event of the runtime gets lost."""

    def pause(self, machine: Machine) -> None:
        """Let time pass and other things happen, between two steps of an action."""

    def begin(self, machine: Machine, actions: Sequence[Action]) -> None:
        """Hear that actions begin to run."""

    def end(self, machine: Machine, action: Action) -> None:
        """Hear that an action ended."""

    def pick(self, actions: Sequence[Action]) -> Action:
        """Choose which of several that could go on does."""

    def act(self, machine: Machine, action: Action, step: AnyStep, made: str | None) -> str | None:
        """Do a step; return the sandbox that the action made so far. Raises StepFailed, or PortError, done or not."""

    def pull(self, machine: Machine, images: Sequence[str]) -> None:
        """Ask the registry for tags that may have moved. Raises PortError."""


class SimulatedHost:
    """The simulated side of ``ports.Host``: one connection to a machine."""

    def __init__(self, machine: Machine, conditions: Conditions) -> None:
        self._machine = machine
        self._conditions = conditions
        self._closed = False
        self._lost = False

    @property
    def name(self) -> str:
        """The Host object's name."""
        return self._machine.name

    def observe(self) -> Seen:
        """Look at everything once."""
        self._reach()
        return self._conditions.look(self._machine)

    def execute(
        self, actions: Sequence[Action], *, report: Callable[[Outcome], None], superseded: Callable[[], bool]
    ) -> None:
        """Do the actions side by side: whose step is next is the world's choice."""
        runs = {action.id: _Run(action) for action in actions}
        ended: dict[str, bool] = {}
        self._conditions.begin(self._machine, actions)

        def over(action: Action, outcome: Outcome) -> None:
            ended[action.id] = not (outcome.error or outcome.superseded)
            self._conditions.end(self._machine, action)
            report(outcome)

        while left := [action for action in actions if action.id not in ended]:
            self._conditions.pause(self._machine)
            if superseded():
                for action in left:
                    over(action, Outcome(action=action.id, pod=action.pod, superseded=True))
                return
            free = [action for action in left if all(ended.get(before, False) for before in action.after)]
            if not free:
                for action in left:
                    over(action, _failed(action, "an action before it failed", "runtime"))
                return
            action = self._conditions.pick(free)
            outcome = self._advance(runs[action.id])
            if outcome is not None:
                over(action, outcome)

    def _advance(self, run: "_Run") -> Outcome | None:
        action = run.action
        if run.next < len(action.steps):
            step = action.steps[run.next]
            try:
                self._reach()
                run.made = self._conditions.act(self._machine, action, step, run.made)
            except StepFailed as error:
                return _failed(action, str(error), error.kind)
            except Unreachable as error:
                self._lost = True
                return _failed(action, str(error), "unreachable")
            run.next += 1
        if run.next < len(action.steps):
            return None
        return Outcome(action=action.id, pod=action.pod)

    def probe(self, target: ProbeTarget) -> ProbeResult:
        """Make one check."""
        try:
            self._reach()
        except Unreachable:
            return ProbeResult(result="unknown")
        container = self._machine.containers.get(target.container_id)
        if container is None or container.state != "running":
            return ProbeResult(result="unknown", message="the container does not run")
        if target.kind in self._machine.failing.get(container.config.name, ()):
            return ProbeResult(result="failure", message="made to fail")
        if target.kind == "liveness" and container.id in self._machine.sick:
            return ProbeResult(result="failure", message="it hangs")
        if target.kind == "readiness" and not self._machine.is_ready(container):
            return ProbeResult(result="failure", message="not yet")
        return ProbeResult(result="success")

    def measure(self) -> Usage:
        """Measure nothing."""
        return Usage(at=0.0)

    def sample(self) -> Mapping[str, ContainerUsage]:
        """Ask what containers use."""
        self._reach()
        if self._machine.blind:
            raise Permanent(f"{self._machine.name} does not measure")
        return self._machine.usage()

    def tidy(self, chores: Sequence[Chore]) -> Sequence[ChoreOutcome]:
        """Do nothing."""
        return tuple(ChoreOutcome(chore=chore) for chore in chores)

    def refresh_images(self, images: Sequence[str]) -> None:
        """Ask the registry for tags that may have moved."""
        self._reach()
        self._conditions.pull(self._machine, images)

    def watch(self, wake: Callable[[], None]) -> None:
        """Have ``wake`` called when something changes on the machine, as long as the connection holds."""

        def changed() -> None:
            if not self._closed and self._machine.up and not self._conditions.deaf(self._machine):
                wake()

        self._machine.changed = changed

    def close(self) -> None:
        """Let go of the connection."""
        self._closed = True

    def _reach(self) -> None:
        if self._closed or self._lost or not self._machine.up:
            raise Unreachable(f"{self._machine.name} does not answer")


class _Run:
    def __init__(self, action: Action) -> None:
        self.action = action
        self.next = 0
        self.made: str | None = None


def _failed(action: Action, error: str, kind: str) -> Outcome:
    return Outcome(action=action.id, pod=action.pod, error=error, kind=kind)  # type: ignore[arg-type]  # checked by tests
