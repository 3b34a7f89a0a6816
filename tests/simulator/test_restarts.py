"""Crash-only: the agent is killed at every single instant of a rollout, and the outcome is the same."""

import random

import pytest

from agent.simulator.stage import AGENT, Odds
from agent.simulator.world import AgentKilled, World
from tests.simulator.fleets import TWO, actions, app, declaration, fleet, images


def _killed_at(world: World, instant: int) -> bool:
    """Let the agent die at the n-th instant where it could; tell whether there was one."""
    left = instant

    def die() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise AgentKilled

    world.journal.around = die
    world._may_die = die  # type: ignore[method-assign]  # the point where chance would have decided
    world.settle()
    return left <= 0


def test_killed_at_any_instant_of_a_rollout_it_converges_to_the_same() -> None:
    for instant in range(1, 200):
        world = fleet(declaration(2, apps={"web": app(3)}, configs={"one": "1"}), seed=instant)
        world.push(declaration(2, apps={"web": app(3, TWO, config="one")}))
        reached = _killed_at(world, instant)
        assert images(world) == [TWO] * 3
        assert sum(len(machine.sandboxes) for machine in world.machines.values()) == 3
        world.trace.clear()
        world.pass_time(700)
        assert actions(world) == []
        if not reached:
            assert instant > 40, "there were fewer instants to die at than a rollout has steps"
            return
    pytest.fail("a rollout has an end")


def test_killed_at_any_instant_it_does_not_forget_what_it_was_asked() -> None:
    for instant in range(1, 60):
        world = fleet(declaration(2, apps={"web": app(1, surge=0, unavailable=1)}), seed=instant)
        [machine] = [one for one in world.machines.values() if one.ours(AGENT)]
        world.move({f"default/{machine.ours(AGENT)[0].config.name}": machine.name})
        reached = _killed_at(world, instant)
        assert machine.ours(AGENT) == [], f"killed at instant {instant}"
        assert world.words == {}
        if not reached:
            assert instant > 10, "there were fewer instants to die at than a move has steps"
            return
    pytest.fail("a move has an end")


def test_state_is_saved_before_any_host_hears_of_a_plan() -> None:
    world = World(random.Random(1), ("h1",))
    world.push(declaration(1))
    world.odds = Odds(kill=1.0)
    for _ in range(20):
        world.turn()
    assert actions(world) == []
    assert world.journal.state.in_force == ""
