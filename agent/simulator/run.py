import random
from collections.abc import Sequence
from typing import Final, Literal

from msgspec.structs import replace

from agent.model.cri import SandboxConfig
from agent.model.observation import ContainerSeen, SandboxSeen
from agent.simulator.chaos import bad_declaration, first_declaration, next_declaration
from agent.simulator.clock import START
from agent.simulator.declared import Declaration
from agent.simulator.judge import Violation
from agent.simulator.kinds.chaos import at_last, budgeted, first_kinds, next_kinds
from agent.simulator.kinds.declared import Kinds
from agent.simulator.kinds.manifests import ENDS
from agent.simulator.kinds.verdict import check_kinds
from agent.simulator.machine import Machine
from agent.simulator.stage import AGENT, Odds, Stage
from agent.simulator.storm.chaos import calm, first_storm, next_storm
from agent.simulator.verdict import check_converged
from agent.simulator.world import World

Chaos = Literal["plain", "every-kind", "storm"]
"""What a fleet has and what happens to it: Deployments and Pods in trouble; every kind of workload; and people who
operate hosts, quotas, priorities and strategies all the while, around a change of the clocks.
"""
_FAULTY_TURNS: Final = 120
_HOSTS: Final = (1, 2, 3, 3, 4, 4, 6, 6, 8, 50)
"""How many hosts fleets of every kind have."""


class Failed(AssertionError):
    """A law was broken, or the fleet did not converge. Shows the seed and everything that happened."""

    def __init__(self, seed: int, why: str, trace: Sequence[str], chaos: Chaos) -> None:
        lines, again = "\n".join(trace), str(seed) if chaos == "plain" else f"--{chaos} {seed}"
        super().__init__(f"{lines}\n\nseed {seed}: {why}\nrepeat with: python -m agent.simulator {again}")


def simulate(seed: int, chaos: Chaos = "plain") -> Sequence[str]:
    """Run one simulated fleet through faults, then to rest; return what happened. Raises Failed."""
    rng = random.Random(seed)  # noqa: S311 -- a seed that repeats is the point
    declaration = first_declaration(rng, rng.randint(1, 4) if chaos == "plain" else rng.choice(_HOSTS))
    if chaos != "plain":
        kinds = (
            first_kinds(rng, declaration.apps)
            if chaos == "every-kind"
            else first_storm(rng, declaration.apps, declaration.hosts)
        )
        declaration = replace(declaration, kinds=kinds)
    start = rng.choice(_CLOCKS_CHANGE) - rng.choice((0, 600, 3000)) if chaos == "storm" else START
    world = World(rng, declaration.hosts, start=start)
    story = _Story(world, declaration, chaos)
    try:
        story.begin()
        story.faults()
        story.rest()
    except (Violation, AssertionError) as error:
        raise Failed(seed, str(error), world.trace, chaos) from error
    return world.trace


class _Story:
    """What happens to a world from outside, drawn from its seed."""

    def __init__(self, world: World, declaration: Declaration, chaos: Chaos) -> None:
        self.world = world
        self.rng = world.rng
        self.good = declaration
        self.kinds = chaos != "plain"
        self.storm = chaos == "storm"

    def begin(self) -> None:
        """Converge a first time, with somebody else's pod on every host, or start right among the faults."""
        for machine in self.world.machines.values():
            self._foreign(machine)
        self.world.push(self.good)
        if self.rng.random() < 0.5:
            self.world.settle(approve=True)

    def faults(self) -> None:
        """Let things go wrong, each with odds of its own for this run."""
        draw = self.rng.choice
        self.world.odds = Odds(
            cut_before=draw(_RARE),
            cut_after=draw(_RARE),
            pull_fails=draw((0.0, 0.1, 0.5)),
            stale=draw(_RARE),
            kill=draw(_RARE),
            event_lost=draw((0.0, 0.0, 0.5, 1.0)),
            slow=draw((0.0, 0.2, 0.5)),
            init_fails=draw((0.0, 0.0, 0.3)),
            work_fails=0.2 if self.kinds else 0.0,
            codes=(1, ENDS) if self.storm else (1,),
        )
        for _ in range(_FAULTY_TURNS):
            if self.rng.random() < 0.3:
                self._one_fault()
            self.world.turn()

    def rest(self) -> None:
        """Stop all faults and see the fleet converge: to a last good commit, or to what there is.

        A bad commit may be the newest: then the last good one stays in force, as long as git still has it.
        """
        world = self.world
        world.odds = Odds()
        world.say("faults end")
        world.source.reachable = True
        for machine in world.machines.values():
            world.mend(machine)
            machine.cores, machine.blind = 0.0, False
        newest = world.judge.commits[world.source.head]
        lost = newest.broken and not world.source.has(world.journal.state.in_force)
        if lost or self.kinds or self.rng.random() < 0.5:
            self._commit(last=True)
        # Where events were lost, the resync is what tells; autoscalers wait as long before they shrink.
        world.pass_time((2 if self.kinds else 1) * world.settings.resync)
        self._work_is_done()
        world.settle(approve=True)
        declared = world.judge.commits[world.journal.state.in_force]
        if world.words:
            raise AssertionError(f"nobody heard of {world.words}")
        if self.kinds:
            check_kinds(world.machines, AGENT, declared, world.journal.state.memory)
        else:
            check_converged(world, declared)
        self._stays()

    def _work_is_done(self) -> None:
        """Let jobs come to their ends, whatever they have to back off from."""
        for _ in range(100 if self.kinds else 0):
            self.world.approve()
            self.world.pass_time(120)
            if all(job.outcome for job in self.world.journal.state.memory.jobs.values()):
                break

    def _stays(self) -> None:
        """See that nothing more is done, however often everything is looked at again."""
        world = self.world
        done = len(world.trace)
        world.pass_time((1 if self.kinds else 3) * world.settings.resync)
        if more := world.trace[done:]:
            raise AssertionError(f"converged, and yet something was done: {more}")

    def _one_fault(self) -> None:
        machine = self.world.machines[self.rng.choice(sorted(self.world.machines))]
        faults = (*_FAULTS, "load", "load") if self.kinds else _FAULTS
        fault = self.rng.choice((*faults, *_OF_STORMS) if self.storm else faults)
        if fault in _ON_A_POD:
            self._on_a_pod(fault, machine)
        elif fault in _ON_A_MACHINE:
            _ON_A_MACHINE[fault](self.world, machine)
        else:
            self._elsewhere(fault)

    def _elsewhere(self, fault: str) -> None:
        world, rng = self.world, self.rng
        match fault:
            case "commit":
                self._commit()
            case "bad":
                bad = bad_declaration(rng, self.good)
                world.push(bad, collect=rng.random() < 0.3, hear=rng.random() < 0.9)
            case "remote":
                world.source.reachable = not world.source.reachable
            case "clock":
                world.set_clock(rng.choice((-1200.0, -30.0, 30.0, 1200.0)))
            case "load":
                for machine in world.machines.values():
                    machine.cores = rng.choice((0.0, 0.02, 0.05, 0.2))
            case "restart":
                world.say("the agent is restarted")
                world.boot()
            case _:
                self._by_people(fault)

    def _by_people(self, fault: str) -> None:
        world, rng = self.world, self.rng
        match fault:
            case "away":
                world.away(rng.choice((30.0, 600.0, 4000.0)))
            case "move":
                self._move()
            case "blind":
                blind = rng.random() < 0.6
                world.say(f"nobody {'can' if blind else 'could'} say what containers use")
                for machine in world.machines.values():
                    machine.blind = blind

    def _move(self) -> None:
        """Have somebody ask for some pods to be moved."""
        pods = [
            (f"{one.config.namespace}/{one.config.name}", name)
            for name, machine in sorted(self.world.machines.items())
            for one in machine.ours(AGENT)
        ]
        if pods:
            self.world.move(dict(self.rng.sample(pods, min(len(pods), self.rng.randint(1, 4)))))

    def _on_a_pod(self, fault: str, machine: Machine) -> None:
        world, rng = self.world, self.rng
        sandboxes = [one.id for one in machine.ours(AGENT)]
        running = [one.id for sandbox in sandboxes for one in machine.inside(sandbox) if one.state == "running"]
        match fault:
            case "crash" if running:
                world.crash(machine, rng.choice(running))
            case "sick" if running:
                world.sicken(machine, rng.choice(running))
            case "sandbox" if sandboxes:
                world.remove_sandbox(machine, rng.choice(sandboxes))
            case "file" if machine.files:
                world.edit_file(machine, rng.choice(sorted(machine.files)))
            case "stranger" if sandboxes:
                self._stranger(machine, rng.choice(sandboxes))

    def _commit(self, *, last: bool = False) -> None:
        rng, good = self.rng, self.good
        if self.kinds and rng.random() < 0.7:
            good = replace(good, kinds=self._next_kinds())
        else:
            good = next_declaration(rng, good)
        if self.kinds:
            kinds = good.kinds
            if last:
                kinds = calm(kinds) if self.storm else at_last(kinds)
            good = replace(good, kinds=budgeted(kinds, good.apps))
        self.good = good
        self.world.push(self.good, collect=self.rng.random() < 0.2)

    def _next_kinds(self) -> Kinds:
        rng, good = self.rng, self.good
        if self.storm:
            return next_storm(rng, good.kinds, good.hosts, self.world.off)
        return next_kinds(rng, good.kinds, good.hosts)

    def _foreign(self, machine: Machine) -> None:
        made = machine.new_id("foreign")
        config = SandboxConfig(name=f"foreign-{machine.name}", namespace="other", uid=made)
        machine.sandboxes[made] = SandboxSeen(id=made, config=config, ready=True)

    def _stranger(self, machine: Machine, sandbox_id: str) -> None:
        """Have somebody start a container by hand in one of our pods."""
        known = next(iter(machine.inside(sandbox_id)), None)
        if known is not None:
            made = machine.new_id("stranger")
            config = replace(known.config, name="by-hand", labels={}, annotations={})
            machine.containers[made] = ContainerSeen(id=made, sandbox_id=sandbox_id, config=config, state="running")
            machine.touch()
            self.world.say(f"{machine.name}: {made} is started by hand in {sandbox_id}")


_RARE: Final = (0.0, 0.0, 0.02, 0.1)
_ON_A_POD: Final = ("crash", "crash", "sick", "sandbox", "file", "stranger")
_ON_A_MACHINE: Final = {"cut": Stage.cut, "mend": Stage.mend, "reboot": Stage.reboot, "off": Stage.power_off}
_FAULTS: Final = (*_ON_A_POD, "cut", "mend", "reboot", "mend", "commit", "commit", "bad", "remote", "clock", "restart")
_OF_STORMS: Final = ("off", "away", "move", "move", "blind", "commit", "commit", "mend")
_CLOCKS_CHANGE: Final = (1_711_846_800.0, 1_729_990_800.0, 1_710_054_000.0, 1_730_613_600.0)
"""When they went forward and back in Berlin, and in New York."""
