"""The loops on real threads."""

import threading

import pytest
from msgspec.structs import replace

from agent.ports import Refused
from agent.reconciler.agent import Agent
from agent.simulator.host import SimulatedHost
from agent.simulator.machine import Machine
from tests.reconciler.calm import LONG, Calm, Watcher, agent_of, running
from tests.simulator.fleets import BROKEN, TWO, declaration, solo

TWO_HOSTS = declaration(2, apps={}, solos={"db": solo("h1"), "cache": solo("h2")})


def test_it_converges_and_a_push_wakes_it() -> None:
    fleet = Calm("h1", "h2")
    fleet.push(TWO_HOSTS)
    with running(fleet) as (agent, watcher):
        watcher.until(lambda now: now.converged)
        assert (fleet.running("h1"), fleet.running("h2")) == (["db"], ["cache"])
        newest = fleet.push(replace(TWO_HOSTS, solos={**TWO_HOSTS.solos, "db": solo("h1", TWO)}))
        agent.wake()
        now = watcher.until(lambda now: now.converged and now.fleet.in_force.id == newest)  # type: ignore[union-attr]  # converged
        assert [status.phase for status in now.fleet.statuses] == ["Ready"] * len(now.fleet.statuses)


def test_an_event_of_the_runtime_is_enough_to_heal() -> None:
    fleet = Calm("h1", "h2")
    fleet.push(TWO_HOSTS)
    with running(fleet) as (_, watcher):
        watcher.until(lambda now: now.converged)
        machine = fleet.machines["h1"]
        machine.end(min(machine.containers), 137)
        machine.touch()
        now = watcher.until(lambda now: bool(now.metrics.drift_repaired) and now.converged)
        assert now.metrics.drift_found == now.metrics.drift_repaired
        assert fleet.running("h1") == ["db"]


def test_a_host_that_hangs_delays_no_other_and_does_not_keep_the_agent_from_ending() -> None:
    fleet = Calm("h1", "h2")
    fleet.settings = replace(fleet.settings, first_look=0.0)
    fleet.push(TWO_HOSTS)
    hangs = threading.Event()

    def on_look(machine: Machine) -> None:
        if machine.name == "h1":
            hangs.wait(LONG)

    fleet.on_look = on_look
    watcher = Watcher()
    agent = agent_of(fleet, watcher)
    ended: list[bool] = []
    thread = threading.Thread(target=lambda: ended.append(agent.run()), daemon=True)
    thread.start()
    now = watcher.until(lambda now: any(host.name == "h2" and host.settled for host in now.hosts))
    assert not now.converged
    assert fleet.running("h2") == ["cache"]
    agent.stop(timeout=0.0)
    thread.join(LONG)
    assert ended == [False], "it says that something was left behind"
    hangs.set()


def test_what_only_ends_because_its_connection_is_closed_did_not_end_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a long pull does when the agent stops: who stops it hears that something was broken off."""
    fleet = Calm("h1")
    fleet.push(declaration(1, apps={}, solos={"db": solo("h1")}))
    pulls, closed = threading.Event(), threading.Event()

    def begin(*_: object) -> None:
        pulls.set()
        closed.wait(LONG)

    def close(_: SimulatedHost) -> None:
        closed.set()
        for thread in threading.enumerate():
            if thread.name == "batch":
                thread.join(LONG)

    monkeypatch.setattr(fleet, "begin", begin)
    monkeypatch.setattr(SimulatedHost, "close", close)
    agent = Agent(
        fleet.source,
        fleet.make_host,
        clock=fleet.clock,
        journal=fleet.journal,
        settings=fleet.settings,
        publish=lambda _snapshot: None,
    )
    ended: list[bool] = []
    thread = threading.Thread(target=lambda: ended.append(agent.run()), daemon=True)
    thread.start()
    assert pulls.wait(LONG)
    agent.stop(timeout=0.0)
    thread.join(LONG)
    assert ended == [False]


def test_a_host_that_declines_is_shown_with_its_reason() -> None:
    fleet = Calm("h1", "h2")
    fleet.push(TWO_HOSTS)

    def on_look(machine: Machine) -> None:
        if machine.name == "h1":
            raise Refused("h1 belongs to agent other", hint="ask them")

    fleet.on_look = on_look
    with running(fleet) as (_, watcher):
        now = watcher.until(lambda now: any(host.refused for host in now.hosts) and now.fleet.planned_at > 0)
        assert now.hosts[0].reason == "h1 belongs to agent other (ask them)"
        watcher.until(lambda now: now.hosts[1].settled)
    assert len([made for made in fleet.made if made.body.metadata.name == "h1"]) == 1, "not tried again at once"
    assert [event.reason for event in fleet.journal.events if event.host == "h1"] == ["HostRefused"]


def test_another_way_to_a_host_makes_another_connection() -> None:
    fleet = Calm("h1")
    declared = declaration(1, apps={}, solos={"db": solo("h1")})
    fleet.push(declared)
    with running(fleet) as (agent, watcher):
        watcher.until(lambda now: now.converged)
        files = declared.files()
        files["hosts/h1.json"] = files["hosts/h1.json"].replace("h1.test", "elsewhere.test")
        newest = fleet.source.push(files, "moved").id
        agent.wake()
        watcher.until(lambda now: now.converged and now.fleet.in_force.id == newest)  # type: ignore[union-attr]  # converged
    addresses = [made.body.spec.ssh.address for made in fleet.made if made.body.spec.ssh]
    assert addresses == ["h1.test", "elsewhere.test"]


def test_a_bug_in_one_loop_is_told_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    fleet = Calm("h1", "h2")
    fleet.settings = replace(fleet.settings, first_look=0.0)
    fleet.push(TWO_HOSTS)

    def on_look(machine: Machine) -> None:
        if machine.name == "h1":
            raise ZeroDivisionError

    monkeypatch.setattr(fleet, "on_look", on_look)
    with running(fleet) as (_, watcher):
        watcher.until(lambda now: any(host.name == "h2" and host.settled for host in now.hosts))
    told = [event.message for event in fleet.journal.events if event.reason == "LoopFault"]
    assert [message.startswith("fault in trimtab's host-h1 loop") for message in told] == [True]


def test_a_held_revision_is_let_in_when_approved() -> None:
    fleet = Calm("h1", "h2")
    fleet.push(TWO_HOSTS)
    with running(fleet) as (agent, watcher):
        watcher.until(lambda now: now.converged)
        held = fleet.push(replace(TWO_HOSTS, solos={}))
        agent.look()
        watcher.until(lambda now: now.fleet.held == held)
        assert fleet.running("h1") == ["db"]
        said: list[str] = []
        agent.approve(held, lambda: said.append(fleet.journal.state.in_force))
        watcher.until(lambda now: now.converged and now.fleet.held == "")
        assert said == [held], "the word may go once what it did is saved"
        assert fleet.running("h1") == []


def test_a_bad_revision_is_shown_as_refused() -> None:
    fleet = Calm("h1", "h2")
    fleet.push(TWO_HOSTS)
    with running(fleet) as (agent, watcher):
        watcher.until(lambda now: now.converged)
        bad = fleet.push(replace(TWO_HOSTS, broken=BROKEN))
        agent.wake()
        now = watcher.until(lambda now: now.fleet.refused == bad)
        assert not now.converged
        assert now.fleet.refused_why[0].startswith("apps/broken.yaml:")


def test_a_host_that_left_git_is_released_and_may_come_back() -> None:
    fleet = Calm("h1", "h2")
    fleet.push(TWO_HOSTS)
    with running(fleet) as (agent, watcher):
        watcher.until(lambda now: now.converged)
        fleet.push(replace(TWO_HOSTS, hosts=("h1",), solos={"db": solo("h1")}))
        agent.wake()
        watcher.until(lambda now: now.converged and len(now.hosts) == 1)
        assert fleet.running("h2") == ["cache"], "its pods are left alone"
        fleet.push(TWO_HOSTS)
        agent.wake()
        watcher.until(lambda now: now.converged and len(now.hosts) == 2)
    assert fleet.running("h2") == ["cache"]
    assert [made.body.metadata.name for made in fleet.made] == ["h1", "h2", "h2"]


def test_being_told_to_look_tries_a_lost_host_at_once() -> None:
    fleet = Calm("h1", "h2")
    fleet.push(TWO_HOSTS)
    declines = [True]

    def on_look(machine: Machine) -> None:
        if machine.name == "h1" and declines:
            raise Refused("h1 belongs to agent other")

    fleet.on_look = on_look
    with running(fleet) as (agent, watcher):
        watcher.until(lambda now: any(host.refused for host in now.hosts))
        declines.clear()
        agent.look()
        watcher.until(lambda now: now.converged)
