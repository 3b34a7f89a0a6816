import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from agent.model.action import Action, AnyStep
from agent.model.files import FileSeen
from agent.model.objects.agent import Prune
from agent.model.objects.host import Host as HostObject
from agent.model.objects.meta import Declared
from agent.model.observation import Seen
from agent.model.plan import FingerprintKey
from agent.planner.host.images import canonical
from agent.ports import Unreachable
from agent.reconciler.assembly import Loops, assemble
from agent.reconciler.reasons import reasons
from agent.reconciler.settings import Settings
from agent.reconciler.snapshot import Snapshot
from agent.simulator.clock import SimulatedClock
from agent.simulator.declared import IMAGES, Declaration
from agent.simulator.effects import StepFailed, carry_out, pull
from agent.simulator.host import SimulatedHost
from agent.simulator.journal import SimulatedJournal
from agent.simulator.judge import Judge
from agent.simulator.machine import Machine, available_in
from agent.simulator.source import SimulatedSource
from agent.simulator.turns import Turns

AGENT: Final = "sim"
KEY: Final = FingerprintKey(value=b"k" * 32)
_DEEPEST: Final = 3


class AgentKilled(BaseException):
    """The agent dies right here. Not an Exception: nothing that is under test may catch it."""


@dataclass
class Odds:
    """How likely each thing is that can go wrong at a step.

    The link is lost before a step, or after it with the answer; a pull fails; a look shows what was true at the one
    before; the agent dies; an event of the runtime is lost; an action takes long, while others have turns.
    """

    cut_before: float = 0.0
    cut_after: float = 0.0
    pull_fails: float = 0.0
    stale: float = 0.0
    kill: float = 0.0
    event_lost: float = 0.0
    slow: float = 0.0


class World:
    """One simulated fleet: machines, repository, journal and clock, and the real loops of one agent among them.

    Everything that threads and networks would decide is drawn from ``rng``. It is the ``Conditions`` of its hosts.
    """

    def __init__(self, rng: random.Random, hosts: Sequence[str], *, max_fraction: float = 0.3) -> None:
        self.rng = rng
        self.clock = SimulatedClock()
        self.source = SimulatedSource(self.clock.now())
        self.journal = SimulatedJournal()
        self.machines = {name: Machine(name, self.clock) for name in hosts}
        self.judge = Judge(AGENT, self.machines)
        self.registry = {canonical(image): f"sha256:{number:064x}" for number, image in enumerate(IMAGES, 1)}
        self.odds = Odds()
        self.trace: list[str] = []
        self.settings = Settings(agent=AGENT, key=KEY, prune=Prune(max_fraction=max_fraction))
        self._depth = 0
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
            changed=lambda: None,
        )
        self.loops.shared.inbox.wake = self.turns.employ("fleet", self._step_fleet)
        self.turns.employ("source", self.loops.source.step)

    def snapshot(self) -> Snapshot:
        """Return the agent as it is now."""
        return self.loops.shared.board.snapshot(self.clock.now())

    def _make_host(self, declared: Declared[HostObject]) -> SimulatedHost:
        return SimulatedHost(self.machines[declared.body.metadata.name], self)

    def _step_fleet(self, now: float) -> float | None:
        known = dict(self._versions)
        told = self.loops.shared.inbox.observations.values()
        available = [key for seen in told if isinstance(seen, Seen) for key in available_in(seen, AGENT)]
        before = self.journal.state
        wake_at = self.loops.fleet.step(now)
        state = self.journal.state
        self.judge.in_force(state.in_force)
        self.judge.planned(known, available, state.memory.leaving)
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
            if self._depth:
                raise
            self.say("the agent is killed")
            self.boot()
            return True
        if whose and self._depth == 0:
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

    def at_rest(self) -> bool:
        """Tell whether the fleet is converged, to the revision before if the newest one is refused."""
        now = self.snapshot()
        source, fleet = now.source, now.fleet
        if source.head is None or source.head.id != self.source.head:
            return False
        return now.converged or (
            fleet.refused == source.head.id
            and fleet.current
            and fleet.in_force is not None
            and all(status.phase == "Ready" for status in fleet.statuses)
            and all(host.settled and not host.waiting for host in now.hosts)
        )

    def why(self) -> str:
        """Return in words what keeps the fleet from being converged."""
        return "; ".join(f"{one.host} {one.pod or one.object or ''} {one.message}" for one in reasons(self.snapshot()))

    def say(self, line: str) -> None:
        """Add a line to the trace."""
        self.trace.append(f"{self.clock.now():.1f} {'  ' * self._depth}{line}")

    def chance(self, odds: float) -> bool:
        """Tell whether something with these odds happens."""
        return odds > 0 and self.rng.random() < odds

    def _may_die(self) -> None:
        if self.chance(self.odds.kill):
            raise AgentKilled

    # Conditions of the hosts

    def look(self, machine: Machine) -> Seen:
        """Return the truth, or what was true at an earlier look."""
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
        if self._depth >= _DEEPEST or not self.chance(self.odds.slow):
            self.clock.advance(0.1)
            return
        self._depth += 1
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
            self._depth -= 1
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
        made = carry_out(step, machine, self.registry, made)
        self.judge.after(machine, step, before)
        self._may_die()
        if self.chance(self.odds.cut_after):
            self.cut(machine)
            raise Unreachable(f"{machine.name}: the link was lost, the answer with it")
        return made

    def pull(self, machine: Machine, images: Sequence[str]) -> None:
        """Ask the registry for tags that may have moved."""
        for image in images:
            pull(machine, image, self.registry)

    # Faults

    def cut(self, machine: Machine) -> None:
        """Cut a machine off."""
        if machine.up:
            machine.up = False
            self.say(f"{machine.name} is cut off")

    def mend(self, machine: Machine) -> None:
        """Let a machine be reached again."""
        if not machine.up:
            machine.up = True
            self.say(f"{machine.name} is reached again")

    def set_clock(self, seconds: float) -> None:
        """Have somebody set the agent's clock, forward or back; those of the machines go on as they were."""
        self.clock.jump(seconds)
        for machine in self.machines.values():
            machine.skew -= seconds
        self.say(f"the agent's clock is set by {seconds:+.0f} s")

    def reboot(self, machine: Machine) -> None:
        """Power a machine off and on."""
        before = machine.available(AGENT)
        machine.reboot()
        self.judge.struck(machine, before)
        self.say(f"{machine.name} reboots")

    def crash(self, machine: Machine, container_id: str) -> None:
        """Let a container's process die."""
        before = machine.available(AGENT)
        machine.end(container_id, 137)
        machine.touch()
        self.judge.struck(machine, before)
        self.say(f"{machine.name}: {container_id} dies")

    def remove_sandbox(self, machine: Machine, sandbox_id: str) -> None:
        """Have somebody remove a sandbox by hand."""
        before = machine.available(AGENT)
        machine.drop_sandbox(sandbox_id)
        machine.touch()
        self.judge.struck(machine, before)
        self.say(f"{machine.name}: {sandbox_id} is removed by hand")

    def edit_file(self, machine: Machine, path: str) -> None:
        """Have somebody change a file by hand."""
        machine.files[path] = FileSeen(sha256="e" * 64, mode=0o600)
        machine.touch()
        self.say(f"{machine.name}: {path} is edited by hand")
