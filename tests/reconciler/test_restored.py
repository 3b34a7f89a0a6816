"""The revision that was in force before a restart, and what came since: without threads, one step at a time."""

from msgspec.structs import replace

from agent.model.origin import Revision
from agent.ports import State, Unreachable
from agent.reconciler.assembly import Loops, assemble
from agent.reconciler.host_loop import HostLoop
from agent.simulator.source import SimulatedSource
from tests.reconciler.calm import Calm
from tests.simulator.fleets import BROKEN, declaration, solo


class NoHosts:
    """Steps no host's loop."""

    def adopt(self, loop: HostLoop) -> None:
        pass

    def release(self, loop: HostLoop) -> None:
        pass


class Stutter(SimulatedSource):
    """A source that does not answer at first when it is asked for a commit by its id."""

    def __init__(self) -> None:
        super().__init__(0.0)
        self.silent = True

    def resolve(self, ref: str | None = None) -> Revision:
        if ref and self.silent:
            raise Unreachable("the remote repository does not answer")
        return super().resolve(ref)


FLEET = declaration(1, apps={}, solos={"db": solo("h1")})


def started(fleet: Calm) -> Loops:
    return assemble(
        fleet.source,
        fleet.make_host,
        journal=fleet.journal,
        settings=replace(fleet.settings, first_look=0.0),
        driver=NoHosts(),
        submit=lambda _work: None,
        submit_check=lambda _work: None,
        clock=fleet.clock,
        changed=lambda: None,
    )


def step(loops: Loops, now: float) -> str:
    loops.source.step(now)
    loops.fleet.step(now)
    in_force = loops.shared.board.snapshot(now).fleet.in_force
    return in_force.id if in_force else ""


def test_what_was_in_force_before_a_restart_does_not_come_back_over_what_is_in_force_by_now() -> None:
    fleet = Calm("h1")
    fleet.source = source = Stutter()
    old = fleet.push(FLEET)
    fleet.journal.save(State(in_force=old))
    new = fleet.push(replace(FLEET, hosts=("h1", "h2")))
    loops = started(fleet)
    assert step(loops, 0.0) == new
    source.silent = False
    assert step(loops, 60.0) == new
    assert fleet.journal.state.in_force == new


def test_what_was_in_force_before_a_restart_is_held_to_while_the_newest_is_refused() -> None:
    fleet = Calm("h1")
    fleet.source = source = Stutter()
    old = fleet.push(FLEET)
    fleet.journal.save(State(in_force=old))
    bad = fleet.push(replace(FLEET, broken=BROKEN))
    loops = started(fleet)
    assert step(loops, 0.0) == ""
    source.silent = False
    assert step(loops, 60.0) == old
    assert fleet.journal.state.refused == bad
