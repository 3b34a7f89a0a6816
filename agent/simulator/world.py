import random
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

from msgspec.structs import replace

from agent.model.action import Action, AnyStep
from agent.model.objects.agent import Prune
from agent.model.objects.host import Host as HostObject
from agent.model.objects.meta import Declared, PodKey
from agent.model.observation import Seen, last_known
from agent.model.plan import FingerprintKey
from agent.model.status import ObjectStatus
from agent.planner.health import health_of
from agent.ports import Unreachable
from agent.reconciler.assembly import Loops, assemble
from agent.reconciler.reporting.reasons import reasons
from agent.reconciler.reporting.snapshot import Snapshot
from agent.reconciler.settings import Settings
from agent.simulator.clock import START
from agent.simulator.declared import Declaration
from agent.simulator.effects import StepFailed, carry_out, pull
from agent.simulator.host import SimulatedHost
from agent.simulator.machine import Machine, available_in
from agent.simulator.stage import AGENT, Stage
from agent.simulator.turns import Turns

KEY: Final = FingerprintKey(value=b"k" * 32)
_DEEPEST: Final = 3
_QUIET_TURNS: Final = 8000


class AgentKilled(BaseException):
    """The agent dies right here. Not an Exception: nothing that is under test may catch it."""


class World(Stage):
    """One simulated fleet: the stage, and the real loops of one agent on it.

    Everything that threads and networks would decide is drawn from ``rng``. It is the ``Conditions`` of its hosts.
    """

    def __init__(
        self, rng: random.Random, hosts: Sequence[str], *, max_fraction: float = 0.3, start: float = START
    ) -> None:
        super().__init__(rng, hosts, start)
        self.settings = Settings(agent=AGENT, key=KEY, prune=Prune(max_fraction=max_fraction))
        self._last_looks: dict[str, tuple[int, Seen]] = {}
        self._versions: dict[str, int] = {}
        self.journal.around = self._may_die
        self.boot()

    # The agent

    def boot(self) -> None:
        """Start the agent: whatever another one knew is gone, but for the journal."""
        self.judge.agent_died()
        self._versions = {}
        for machine in self.machines.values():
            machine.changed = lambda: None
        self.turns = Turns(self.rng)
        self.loops: Loops = assemble(
            self.source,
            self._make_host,
            journal=self.journal,
            settings=self.settings,
            driver=self.turns,
            submit=self.turns.submit,
            submit_check=self.turns.submit,
            clock=self.clock,
            changed=lambda: None,
        )
        self.loops.shared.inbox.wake = self.turns.employ("fleet", self._step_fleet)
        self.turns.employ("source", self.loops.source.step)
        self.turns.employ("processes", self.end_processes)
        self.loops.prober.wake = self.turns.employ("prober", self.loops.prober.step)
        for number in sorted(self.words):
            self._tell(number)

    def away(self, seconds: float) -> None:
        """Have the agent down for a while: what runs on machines goes on."""
        self.say(f"the agent is down for {seconds:.0f} s")
        self.judge.agent_died()
        for machine in self.machines.values():
            machine.changed = lambda: None
        self.turns = Turns(self.rng)
        self.turns.employ("processes", self.end_processes)
        self.pass_time(seconds)
        self.boot()

    def move(self, moves: Mapping[str, str]) -> None:
        """Have somebody ask for pods to be moved off their hosts."""
        self.say(f"asked to move: {', '.join(f'{pod} off {host}' for pod, host in moves.items())}")
        number = max(self.words, default=0) + 1
        self.words[number] = moves
        self._tell(number)

    def _tell(self, number: int) -> None:
        # Until the agent says that it saved the word, another one hears it again.
        self.loops.shared.inbox.ask(self.words[number], partial(self._heard, number))

    def _heard(self, number: int) -> None:
        self.words.pop(number, None)

    def snapshot(self) -> Snapshot:
        """Return the agent as it is now."""
        return self.loops.shared.board.snapshot(self.clock.now())

    def _make_host(self, declared: Declared[HostObject]) -> SimulatedHost:
        return SimulatedHost(self.machines[declared.body.metadata.name], self)

    def _step_fleet(self, now: float) -> float | None:
        known = dict(self._versions)
        told = dict(self.loops.shared.inbox.observations)
        available = [key for seen in told.values() if isinstance(seen, Seen) for key in _available(seen)]
        unseen = [name for name in self.machines if not isinstance(told.get(name), Seen)]
        found = {name: last for name, one in told.items() if (last := last_known(one)) is not None}
        before = self.journal.state
        try:
            wake_at = self.loops.fleet.step(now)
        except AgentKilled:
            # What was saved counts, whoever dies right after that: a plan, or no more than what somebody asked for.
            saved = self.journal.state
            self.judge.in_force(saved.in_force)
            if replace(saved.memory, asked=before.memory.asked) != before.memory:
                self.judge.remembers(saved.memory, found, available, now)
            raise
        state = self.journal.state
        self.judge.in_force(state.in_force)
        self.judge.unseen(unseen, now)
        if self.snapshot().fleet.planned_at:
            self.judge.remembers(state.memory, found, available, now)
        self.judge.planned(known, available, {**state.memory.leaving, **state.memory.evicted})
        if state.in_force != before.in_force:
            self.say(f"{state.in_force[:12]} is in force")
        if sent := sorted(state.memory.leaving.keys() - before.memory.leaving.keys()):
            self.say(f"sent away: {', '.join(sent)}")
        return wake_at

    # Time

    def turn(self) -> bool:
        """Give somebody a turn, or let time pass to when somebody has one; False when nobody ever will."""
        wait = self.turns.wait(self.clock.now())
        if wait is None:
            return False
        self.clock.advance(wait)
        try:
            whose = self.turns.take(self.clock.now())
        except AgentKilled:
            if self.depth:
                raise
            self.say("the agent is killed")
            self.boot()
            return True
        if whose and self.depth == 0:
            self.judge.everywhere()
            if self.snapshot().converged:
                self.judge.converged()
        return True

    def push(self, declaration: Declaration, *, collect: bool = False, hear: bool = True) -> str:
        """Commit and push; with ``hear`` the source loop is woken, as by a watched repository."""
        revision = self.source.push(declaration.files(), f"commit {len(self.judge.commits)}", collect=collect)
        self.judge.commits[revision.id] = declaration
        self.say(f"push {revision.short}{' (bad)' if declaration.broken else ''}: {declaration}")
        if hear:
            self.turns.wake("source")
        return revision.id

    def pass_time(self, seconds: float) -> None:
        """Let time pass, and everybody have the turns that come up in it."""
        until = self.clock.now() + seconds
        while (wait := self.turns.wait(self.clock.now())) is not None and self.clock.now() + wait <= until:
            self.turn()
        self.clock.advance(until - self.clock.now())

    def settle(self, *, approve: bool = False) -> None:
        """Give turns until the fleet is at rest; with ``approve``, a held revision is let through."""
        for _ in range(_QUIET_TURNS):
            if approve:
                self.approve()
            self.turn()
            if self.at_rest() and not self.turns.busy:
                return
        raise AssertionError(f"not converged after {_QUIET_TURNS} quiet turns: {self.why()}")

    def approve(self) -> None:
        """Let the newest revision through, if it is held."""
        if (held := self.journal.state.held) and held == self.source.head:
            self.say(f"{held[:12]} is approved")
            self.loops.shared.inbox.approve(held)

    def at_rest(self) -> bool:
        """Tell whether the fleet is converged, to the revision before if the newest one is refused."""
        now = self.snapshot()
        source, fleet = now.source, now.fleet
        if source.head is None or source.head.id != self.source.head:
            return False
        return now.converged or (
            source.head.id in {fleet.refused, fleet.in_force.id if fleet.in_force is not None else ""}
            and fleet.current
            and fleet.in_force is not None
            and all(map(_is_settled, fleet.statuses))
            and all(host.settled and not host.waiting for host in now.hosts)
        )

    def why(self) -> str:
        """Return in words what keeps the fleet from being converged."""
        return "; ".join(f"{one.host} {one.pod or one.object or ''} {one.message}" for one in reasons(self.snapshot()))

    def _may_die(self) -> None:
        if self.chance(self.odds.kill):
            raise AgentKilled

    # Conditions of the hosts

    def look(self, machine: Machine) -> Seen:
        """Return the truth, or what was true at an earlier look."""
        self.judge.outages.looked(machine.name)
        version, seen = machine.version, machine.look()
        if machine.name in self._last_looks and self.chance(self.odds.stale):
            version, seen = self._last_looks[machine.name]
        self._last_looks[machine.name] = version, seen
        self._versions[machine.name] = version
        return seen

    def deaf(self, machine: Machine) -> bool:  # noqa: ARG002 -- all machines lose events alike
        """Tell whether an event of the runtime gets lost."""
        return self.chance(self.odds.event_lost)

    def pause(self, machine: Machine) -> None:
        """Let others have turns while an action is under way."""
        self._may_die()
        if self.depth >= _DEEPEST or not self.chance(self.odds.slow):
            self.clock.advance(0.1)
            return
        self.depth += 1
        try:
            until = self.clock.now() + self.rng.choice((0.5, 2.0, 20.0))
            while self.clock.now() < until:
                wait = self.turns.wait(self.clock.now())
                if wait is None or self.clock.now() + wait > until:
                    self.clock.advance(until - self.clock.now())
                else:
                    self.turn()
                    self.clock.advance(0.05)
        finally:
            self.depth -= 1
        self.say(f"{machine.name}: goes on")

    def begin(self, machine: Machine, actions: Sequence[Action]) -> None:
        """Hear that actions begin to run."""
        self.say(f"{machine.name}: begins {', '.join(f'{one.verb} {one.pod} ({one.rule})' for one in actions)}")
        self.judge.began(machine, actions)

    def end(self, machine: Machine, action: Action) -> None:
        """Hear that an action ended."""
        self.judge.ended(machine, action)

    def pick(self, actions: Sequence[Action]) -> Action:
        """Choose whose step is next."""
        return self.rng.choice(list(actions))

    def act(self, machine: Machine, action: Action, step: AnyStep, made: str | None) -> str | None:
        """Do a step, unless something goes wrong before or while it is done."""
        name = f"{machine.name}: {action.pod} {type(step).__name__}"
        if self.chance(self.odds.cut_before):
            self.cut(machine)
            raise Unreachable(f"{machine.name}: the link was lost")
        if type(step).__name__ == "PullImage" and self.chance(self.odds.pull_fails):
            self.say(f"{name} fails")
            raise StepFailed("the registry does not answer", "image-pull")
        self.judge.before(machine, action, step)
        before = machine.available(AGENT)
        self.say(name)
        running = _running(machine)
        made = carry_out(step, machine, self.registry, made)
        for container_id in sorted(_running(machine) - running):
            self.judge.starts(machine, container_id)
            self.lives(machine, machine.containers[container_id])
            self.turns.wake("processes")
        self.judge.after(machine, action, step, before)
        self._may_die()
        if self.chance(self.odds.cut_after):
            self.cut(machine)
            raise Unreachable(f"{machine.name}: the link was lost, the answer with it")
        return made

    def pull(self, machine: Machine, images: Sequence[str]) -> None:
        """Ask the registry for tags that may have moved."""
        for image in images:
            pull(machine, image, self.registry)


def _is_settled(status: ObjectStatus) -> bool:
    """Tell whether an object is as it stays: a job that failed has nothing left to do."""
    return status.phase == "Ready" or (status.phase == "Failed" and status.key.kind == "Job")


def _available(seen: Seen) -> list[PodKey]:
    """Return the pods that are available as far as a look, and the probes until then, can tell."""
    return list(available_in(seen, AGENT, lambda container: health_of(container, seen.health).ready))


def _running(machine: Machine) -> set[str]:
    return {key for key, container in machine.containers.items() if container.state == "running"}
