"""What can happen to hosts, and what the agent makes of it."""

import pytest
from msgspec.structs import replace

from agent.model.cri import SandboxConfig
from agent.model.observation import ContainerSeen, SandboxSeen
from agent.simulator.stage import Odds
from tests.simulator.fleets import (
    ONE,
    TWO,
    actions,
    app,
    declaration,
    first_pod,
    fleet,
    images,
    pods,
    reasons_of_events,
    solo,
)


def test_a_host_that_is_cut_off_keeps_its_pods_and_converges_on_return() -> None:
    world = fleet(declaration(2, apps={}, solos={"db": solo("h1"), "cache": solo("h2")}))
    lost = world.machines["h1"]
    world.cut(lost)
    world.push(declaration(2, apps={}, solos={"db": solo("h1", TWO), "cache": solo("h2", TWO)}))
    world.pass_time(600)
    assert pods(world) == [f"h1/db {ONE}", f"h2/cache {TWO}"], "the other host goes on"
    state = {host.name: host for host in world.snapshot().hosts}["h1"]
    assert not state.seen
    assert "does not answer" in state.reason
    assert reasons_of_events(world).count("HostUnseen") == 1, "one event, however often it is tried"
    world.mend(lost)
    world.settle()
    assert pods(world) == [f"h1/db {TWO}", f"h2/cache {TWO}"]


def test_others_take_the_place_of_pods_that_are_unseen_for_longer_than_they_bear() -> None:
    world = fleet(declaration(3, apps={"web": app(6)}))
    before = pods(world)
    world.cut(world.machines["h2"])
    world.pass_time(270)
    assert (pods(world), actions(world)) == (before, [])
    world.pass_time(600)
    assert len(pods(world)) == 8
    world.mend(world.machines["h2"])
    world.settle()
    assert len(pods(world)) == 6


@pytest.mark.parametrize("odds", [Odds(cut_before=0.3), Odds(cut_after=0.3)], ids=["before", "after"])
def test_a_link_lost_before_or_after_an_effect_leaves_no_duplicate(odds: Odds) -> None:
    world = fleet(declaration())
    world.odds = odds
    world.push(declaration(apps={"web": app(4, TWO)}))
    for _ in range(40):
        world.pass_time(5)
        for machine in world.machines.values():
            world.mend(machine)
    world.odds = Odds()
    world.settle()
    assert images(world) == [TWO] * 4
    assert sum(len(machine.sandboxes) for machine in world.machines.values()) == 4


def test_a_pull_that_fails_waits_and_says_so_until_it_succeeds() -> None:
    world = fleet(declaration(1, apps={}))
    world.odds = Odds(pull_fails=1.0)
    world.push(declaration(1, apps={}, solos={"db": solo(image=TWO)}))
    world.pass_time(100)
    waiting = world.snapshot().hosts[0].waiting
    assert [one.reason for one in waiting] == ["image-pull"]
    tries = sum("PullImage fails" in line for line in world.trace)
    assert tries == 4, "at once, then after 10, 20 and 40 s"
    failed = [event for event in world.journal.events if event.reason == "Failed"]
    assert len(failed) == 1, "the same failure is told once"
    world.odds = Odds()
    world.settle()
    assert images(world) == [TWO]


def test_a_rebooted_host_gets_its_pods_back() -> None:
    world = fleet(declaration(1, solos={"db": solo(config="one")}))
    before = pods(world)
    world.reboot(world.machines["h1"])
    world.settle()
    assert pods(world) == before


def test_drift_is_mended_and_counted() -> None:
    world = fleet(declaration(1, apps={}, solos={"db": solo(config="one")}))
    before = pods(world)
    machine, sandbox, container = first_pod(world)
    world.crash(machine, container)
    world.settle()
    world.edit_file(machine, min(machine.files))
    world.settle()
    world.remove_sandbox(machine, sandbox)
    world.settle()
    assert pods(world) == before
    metrics = world.snapshot().metrics
    assert sum(metrics.drift_found.values()) == 3
    assert metrics.drift_repaired == metrics.drift_found


def test_foreign_pods_stay_and_strangers_in_ours_go() -> None:
    world = fleet(declaration(1))
    machine, sandbox, container = first_pod(world)
    foreign = SandboxSeen(id="x", config=SandboxConfig(name="x", namespace="x", uid="x"), ready=True)
    known = machine.containers[container]
    config = replace(known.config, name="by-hand", labels={}, annotations={})
    machine.sandboxes["x"] = foreign
    machine.containers["x-1"] = ContainerSeen(id="x-1", sandbox_id="x", config=config, state="running")
    machine.containers["y"] = ContainerSeen(id="y", sandbox_id=sandbox, config=config, state="running")
    machine.touch()
    world.pass_time(700)
    assert machine.sandboxes["x"] == foreign
    assert "x-1" in machine.containers
    assert "y" not in machine.containers


def test_lost_events_cost_time_but_not_correctness() -> None:
    world = fleet(declaration(1))
    before = pods(world)
    world.odds = Odds(event_lost=1.0)
    machine, _, container = first_pod(world)
    world.crash(machine, container)
    world.pass_time(world.settings.resync + 1)
    assert pods(world) == before


def test_a_look_that_shows_what_was_true_before_does_no_lasting_harm() -> None:
    world = fleet(declaration())
    world.odds = Odds(stale=0.5)
    world.push(declaration(apps={"web": app(3, TWO)}))
    world.pass_time(600)
    world.odds = Odds()
    world.pass_time(world.settings.resync)
    world.settle()
    assert images(world) == [TWO] * 3


def test_a_long_action_on_one_pod_does_not_hold_up_another() -> None:
    world = fleet(declaration(1, apps={}, solos={"db": solo(), "cache": solo()}))
    machine = world.machines["h1"]
    cache = next(one.id for one in machine.sandboxes.values() if one.config.name == "cache")
    world.odds = Odds(slow=1.0)
    world.push(declaration(1, apps={}, solos={"db": solo(image=TWO), "cache": solo()}))
    while not actions(world):
        world.turn()
    world.trace.clear()
    world.crash(machine, machine.inside(cache)[0].id)
    while "StartContainer" not in " ".join(line for line in world.trace if "cache" in line):
        world.turn()
    assert images(world).count(ONE) >= 1
    world.odds = Odds()
    world.settle()
    assert images(world) == [ONE, TWO]


@pytest.mark.parametrize("seconds", [-7200.0, 7200.0])
def test_a_clock_that_is_set_neither_stops_nor_harms(seconds: float) -> None:
    world = fleet(declaration(2))
    world.cut(world.machines["h1"])
    world.pass_time(120)
    world.set_clock(seconds)
    world.mend(world.machines["h1"])
    world.push(declaration(2, apps={"web": app(3, TWO)}))
    world.pass_time(700)
    assert images(world) == [TWO] * 3
