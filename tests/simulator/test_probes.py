"""Probes with the real loops, in simulated time: what they decide, and what they must not."""

import pytest

from agent.simulator.declared import Declaration
from agent.simulator.machine import Machine
from agent.simulator.world import World
from tests.simulator.fleets import ONE, THREE, TWO, actions, app, declaration, fleet, pods, reasons_of_events


def probed() -> World:
    return fleet(declaration(apps={"web": app(probed=True)}))


def busiest(world: World) -> Machine:
    return max(world.machines.values(), key=lambda machine: (len(machine.containers), machine.name))


def ready(world: World) -> int:
    (status,) = (one for one in world.snapshot().fleet.statuses if one.key.kind == "Deployment")
    return status.ready


def test_readiness_is_shown_and_restarts_nothing() -> None:
    world = probed()
    machine = busiest(world)
    machine.failing = {"main": frozenset({"readiness"})}
    world.pass_time(120)
    assert ready(world) == 3 - len(machine.containers)
    assert "Unhealthy" in reasons_of_events(world)
    assert actions(world) == []
    machine.failing = {}
    world.settle()
    assert (ready(world), actions(world)) == (3, [])


def test_liveness_restarts_what_fails_and_nothing_else() -> None:
    world = probed()
    machine = busiest(world)
    before = {container.id for container in machine.containers.values()}
    ill = min(before)
    world.sicken(machine, ill)
    world.pass_time(60)
    world.settle()
    after = {container.id for container in machine.containers.values() if container.state == "running"}
    assert len(pods(world)) == 3
    assert before - after == {ill}


def test_an_agent_that_starts_again_knows_readiness_within_a_moment() -> None:
    world = probed()
    world.boot()
    world.pass_time(2)
    assert ready(world) == 3
    assert world.snapshot().converged
    assert actions(world) == []


def rolled(image: str) -> Declaration:
    return declaration(apps={"web": app(4, image, surge=1, unavailable=1, probed=True)})


@pytest.mark.parametrize("seed", range(3))
def test_an_agent_that_starts_again_takes_nothing_down_for_want_of_a_check(seed: int) -> None:
    world = fleet(rolled(ONE), seed)
    world.push(rolled(TWO))
    while not world.journal.state.memory.leaving:
        world.turn()
    newest = world.push(rolled(THREE), hear=False)
    world.boot()
    while world.journal.state.in_force != newest:
        world.turn()
    assert len(world.journal.state.memory.leaving) == 1
    world.settle()
    assert ready(world) == 4


def test_an_agent_that_starts_again_waits_for_no_check_that_fails() -> None:
    world = probed()
    for machine in world.machines.values():
        machine.failing = {"main": frozenset({"readiness"})}
    world.boot()
    world.pass_time(2)
    assert world.snapshot().fleet.planned_at
    assert ready(world) == 0


def test_a_host_that_is_cut_off_fails_no_probe() -> None:
    world = probed()
    machine, told = busiest(world), reasons_of_events(world).count("Unhealthy")
    world.cut(machine)
    world.pass_time(300)
    world.mend(machine)
    world.settle()
    assert reasons_of_events(world).count("Unhealthy") == told
    assert actions(world) == []
