import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from agent.model.files import FileSeen
from agent.model.labels import OWNER, PROBES, ROLE
from agent.model.observation import ContainerSeen
from agent.planner.host.images import canonical
from agent.simulator.clock import START, SimulatedClock
from agent.simulator.declared import IMAGES
from agent.simulator.journal import SimulatedJournal
from agent.simulator.judge import Judge
from agent.simulator.machine import Machine
from agent.simulator.source import SimulatedSource

AGENT: Final = "sim"


@dataclass
class Odds:
    """How likely each thing is that can go wrong at a step.

    The link is lost before a step, or after it with the answer; a pull fails; a look shows what was true at the one
    before; the agent dies; an event of the runtime is lost; an action takes long, while others have turns; an init
    container fails; a job's pod does, with one of ``codes``.
    """

    cut_before: float = 0.0
    cut_after: float = 0.0
    pull_fails: float = 0.0
    stale: float = 0.0
    kill: float = 0.0
    event_lost: float = 0.0
    slow: float = 0.0
    init_fails: float = 0.0
    work_fails: float = 0.0
    codes: tuple[int, ...] = (1,)


class Stage:
    """What there is without an agent: machines, repository, journal and clock; and what can happen to them by itself.

    Whatever chance would decide is drawn from ``rng``.
    """

    def __init__(self, rng: random.Random, hosts: Sequence[str], start: float = START) -> None:
        self.rng = rng
        self.clock = SimulatedClock(start)
        self.source = SimulatedSource(self.clock.now())
        self.journal = SimulatedJournal()
        self.machines = {name: Machine(name, self.clock) for name in hosts}
        self.judge = Judge(AGENT, self.machines)
        self.registry = {canonical(image): f"sha256:{number:064x}" for number, image in enumerate(IMAGES, 1)}
        self.odds = Odds()
        self.trace: list[str] = []
        self.words: dict[int, Mapping[str, str]] = {}
        """Pods that people asked to be moved, with their hosts, as long as the agent did not say that it saved that."""
        self.off: set[str] = set()
        """Machines without power."""
        self.depth = 0
        """How many actions are interrupted right now, one within the other."""

    def say(self, line: str) -> None:
        """Add a line to the trace."""
        self.trace.append(f"{self.clock.now():.1f} {'  ' * self.depth}{line}")

    def chance(self, odds: float) -> bool:
        """Tell whether something with these odds happens."""
        return odds > 0 and self.rng.random() < odds

    def cut(self, machine: Machine) -> None:
        """Cut a machine off."""
        if machine.up:
            machine.up = False
            self.judge.outages.begins(machine.name, self.clock.now())
            self.say(f"{machine.name} is cut off")

    def power_off(self, machine: Machine) -> None:
        """Take the power off a machine: nothing runs there any more, also once it is reached again."""
        self.reboot(machine)
        self.cut(machine)
        self.off.add(machine.name)

    def mend(self, machine: Machine) -> None:
        """Let a machine be reached again."""
        if not machine.up:
            machine.up = True
            self.off.discard(machine.name)
            self.say(f"{machine.name} is reached again")

    def set_clock(self, seconds: float) -> None:
        """Have somebody set the agent's clock, forward or back; those of the machines go on as they were."""
        self.clock.jump(seconds)
        self.judge.outages.clock_set(self.clock.now())
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

    def sicken(self, machine: Machine, container_id: str) -> None:
        """Let a container hang: it runs on, and its liveness probe fails."""
        machine.sick.add(container_id)
        self.say(f"{machine.name}: {container_id} hangs")

    def lives(self, machine: Machine, container: ContainerSeen) -> None:
        """Decide what becomes of a container that just started: init ones end, others are ready sooner or later."""
        annotations = container.config.annotations
        if annotations.get(ROLE, "").startswith("init/"):
            code = 1 if self.chance(self.odds.init_fails) else 0
            machine.due[container.id] = machine.now() + self.rng.choice((0.2, 3.0, 20.0)), code
        elif self._works(machine, container):
            codes = self.odds.codes
            failed = codes[0] if len(codes) == 1 else self.rng.choice(codes)
            code = failed if self.chance(self.odds.work_fails) else 0
            machine.due[container.id] = machine.now() + self.rng.choice((1.0, 20.0, 200.0)), code
        elif PROBES in annotations:
            machine.ready_from[container.id] = machine.now() + self.rng.choice((0.0, 3.0, 30.0))

    def _works(self, machine: Machine, container: ContainerSeen) -> bool:
        sandbox = machine.sandboxes.get(container.sandbox_id)
        return sandbox is not None and sandbox.config.annotations.get(OWNER, "").startswith("Job/")

    def end_processes(self, now: float) -> float | None:
        """Let the processes end whose time has come; return when the next one does."""
        for machine in self.machines.values():
            over = [(at, key) for key, (at, _) in machine.due.items() if at <= machine.now()]
            for _, container_id in sorted(over):
                _, code = machine.due.pop(container_id)
                container = machine.containers.get(container_id)
                if container is None or container.state != "running":
                    continue  # it was killed before it was done
                self.judge.ends(machine, container, code)
                machine.end(container_id, code, "Error" if code else "Completed")
                machine.touch()
                self.say(f"{machine.name}: {container_id} ends with {code}")
        left = [at - machine.now() for machine in self.machines.values() for at, _ in machine.due.values()]
        return now + max(min(left), 0.0) if left else None

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
