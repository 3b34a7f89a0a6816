import random
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from agent.model.action import Action
from agent.model.labels import RESTART_POLICY
from agent.model.objects.fleet import Fleet
from agent.model.objects.host import Host
from agent.model.objects.meta import Declared
from agent.model.observation import ContainerSeen, Seen
from agent.planner.host.images import canonical
from agent.planner.host.project import Registry, fixed_registry
from agent.planner.restartpolicy import role_of
from agent.ports import State
from agent.reconciler.assembly import Loops, assemble
from agent.reconciler.inbox import Offer
from agent.reconciler.reporting.snapshot import Snapshot
from agent.reconciler.settings import Settings
from agent.simulator.clock import SimulatedClock
from agent.simulator.journal import SimulatedJournal
from agent.simulator.source import SimulatedSource
from agent.simulator.turns import Turns
from agent.simulator.whatif.agenda import Agenda
from agent.simulator.whatif.capacity import empty_host
from agent.simulator.whatif.connection import Connection
from agent.simulator.whatif.duration import nominal_duration
from agent.simulator.whatif.machine import Imagined
from agent.simulator.whatif.question import Question

ACTION_SECONDS: Final = 2.0
"""How long what is done to a host takes: pulling, making, starting, stopping."""
_NEVER: Final = 1e9


class Reporter(Protocol):
    """Hears what happens in a world."""

    def turned(self, now: float) -> None:
        """Hear that somebody had a turn."""

    def acted(self, machine: Imagined, action: Action, now: float) -> None:
        """Hear that an action was carried out."""

    def planned(self, before: State, after: State, now: float) -> None:
        """Hear of a plan: what was saved before it, and what is now."""


class World:
    """The real loops of an agent on imagined machines, and a clock that goes as fast as they do.

    ``report`` hears of everything: it is the ``Audience`` of the machines' connections, and told of each plan.
    """

    def __init__(self, question: Question, report: Reporter) -> None:
        self.clock = SimulatedClock(question.start)
        self.journal = SimulatedJournal()
        self.machines: dict[str, Imagined] = {}
        self.heard: Callable[[float], None] = lambda _: None
        """Called after each plan."""
        self._question = question
        self._report = report
        self._registry = _registry(question)
        self._turns = Turns(random.Random(question.seed))  # noqa: S311 -- a seed that repeats is the point
        self._agenda = Agenda()
        self._agenda.wake = self._turns.employ("agenda", self._agenda.step)
        in_force = question.before.revision.id if question.before is not None else ""
        self.journal.state = State(in_force=in_force, memory=question.memory)
        self.loops: Loops = assemble(
            SimulatedSource(question.start),  # nobody reads it: fleets are offered as they are
            self._connect,
            journal=self.journal,
            settings=Settings(agent=question.agent, key=question.key, upkeep=_NEVER),
            driver=self._turns,
            submit=lambda work: self._agenda.put(self.clock.now() + ACTION_SECONDS, work),
            submit_check=self._turns.submit,
            clock=self.clock,
            changed=lambda: None,
        )
        self.loops.shared.inbox.wake = self._turns.employ("fleet", self._step_fleet)
        self.loops.prober.wake = self._turns.employ("prober", self.loops.prober.step)

    def offer(self, fleet: Fleet, *, restored: bool = False) -> None:
        """Have a fleet pushed."""
        self.loops.shared.inbox.offer(Offer(revision=fleet.revision, fleet=fleet, restored=restored))

    def snapshot(self) -> Snapshot:
        """Return the agent as it is now."""
        return self.loops.shared.board.snapshot(self.clock.now())

    def run(self, until: float, *, enough: Callable[[], bool] = lambda: False) -> bool:
        """Let everybody have the turns that come up until a time, or until it is enough; tell whether it was."""
        while (wait := self._turns.wait(self.clock.now())) is not None and self.clock.now() + wait <= until:
            if wait > 0 and enough():
                return True
            self.clock.advance(wait)
            self._turns.take(self.clock.now())
            self._report.turned(self.clock.now())
        self.clock.advance(until - self.clock.now())
        return enough()

    def started(self, machine: Imagined, containers: Sequence[ContainerSeen]) -> None:
        """Hear which containers just began to run: those that do not run for ever end by themselves."""
        for container in containers:
            self._ends(machine, container, self.clock.now())

    def acted(self, machine: Imagined, action: Action) -> None:
        """Hear that an action was carried out."""
        self._report.acted(machine, action, self.clock.now())

    def _ends(self, machine: Imagined, container: ContainerSeen, since: float) -> None:
        sandbox = next((one for one in machine.seen.sandboxes if one.id == container.sandbox_id), None)
        annotations = sandbox.config.annotations if sandbox is not None else {}
        if role_of(container.config) == "main" and annotations.get(RESTART_POLICY, "Always") != "Always":
            at = max(since + nominal_duration(annotations), self.clock.now())
            self._agenda.put(at, lambda: machine.end(container.id) if machine.up else None)

    def _connect(self, declared: Declared[Host]) -> Connection:
        name = declared.body.metadata.name
        if name not in self.machines:
            self.machines[name] = self._imagine(name)
        return Connection(self.machines[name], self)

    def _imagine(self, name: str) -> Imagined:
        known = self._question.observations.get(name)
        if known is None:
            return Imagined(name, empty_host(name, self.clock.now()), self.clock, self._registry)
        if not isinstance(known, Seen):
            seen = known.last_known or empty_host(name, self.clock.now())
            return Imagined(name, seen, self.clock, self._registry, up=False)
        machine = Imagined(name, known, self.clock, self._registry)
        for container in known.containers:
            if container.state == "running":
                self._ends(machine, container, container.started_at - known.facts.clock_skew)
        return machine

    def _step_fleet(self, now: float) -> float | None:
        before = self.journal.state
        wake_at = self.loops.fleet.step(now)
        state = self.journal.state
        self._report.planned(before, state, now)
        self.heard(now)
        if state.held and state.held != before.held:
            self.loops.shared.inbox.approve(state.held)
        return wake_at


def _registry(question: Question) -> Registry:
    """Return what images references mean: as the hosts have them now; all others are made up."""
    known: dict[str, str] = {}
    for observation in question.observations.values():
        if isinstance(observation, Seen):
            known |= {canonical(tag): image.id for image in observation.images for tag in image.tags}
    return lambda reference: known.get(reference) or fixed_registry(reference)
