"""The revision that was in force before a restart, and what came since."""

from msgspec.structs import replace

from agent.model.origin import Revision
from agent.ports import State, Unreachable
from agent.simulator.source import SimulatedSource
from tests.reconciler.calm import Calm
from tests.reconciler.stepped import Stepped
from tests.simulator.fleets import BROKEN, declaration, solo


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


def test_what_was_in_force_before_a_restart_does_not_come_back_over_what_is_in_force_by_now() -> None:
    fleet = Calm("h1")
    fleet.source = source = Stutter()
    old = fleet.push(FLEET)
    fleet.journal.save(State(in_force=old))
    new = fleet.push(replace(FLEET, hosts=("h1", "h2")))
    agent = Stepped(fleet)
    assert agent.plan(0.0) == new
    source.silent = False
    assert agent.plan(60.0) == new
    assert fleet.journal.state.in_force == new


def test_what_was_in_force_before_a_restart_is_held_to_while_the_newest_is_refused() -> None:
    fleet = Calm("h1")
    fleet.source = source = Stutter()
    old = fleet.push(FLEET)
    fleet.journal.save(State(in_force=old))
    bad = fleet.push(replace(FLEET, broken=BROKEN))
    agent = Stepped(fleet)
    assert agent.plan(0.0) == ""
    source.silent = False
    assert agent.plan(60.0) == old
    assert fleet.journal.state.refused == bad
