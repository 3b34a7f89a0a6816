"""What is told of loops that make no progress, by a clock that the test turns."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from msgspec.structs import replace

from agent.model.observation import Observation
from agent.reconciler.agent import Agent
from agent.reconciler.host.link import Link
from agent.reconciler.threads import Worker
from agent.reconciler.watch import Watch
from agent.simulator.machine import Machine
from tests.reconciler.calm import LONG, Calm, RealClock, Watcher, running
from tests.simulator.fleets import declaration, solo

TWO_HOSTS = declaration(2, apps={}, solos={"db": solo("h1"), "cache": solo("h2")})
MINUTE = 60.0


class Turned:
    """A control loop that comes round once a minute, for as long as a test likes."""

    def __init__(self, agent: Agent) -> None:
        self._agent = agent
        self._now = 0.0

    def after(self, minutes: int, *, meanwhile: Callable[[], object] = lambda: None) -> tuple[str, ...]:
        """Return what is wrong after so many minutes, looking once in each; ``meanwhile`` happens before each look."""
        wrong = self._agent.stuck(self._now)
        for _ in range(minutes):
            meanwhile()
            self._now += MINUTE
            wrong = self._agent.stuck(self._now)
        return wrong


@contextmanager
def turning(fleet: Calm) -> Iterator[tuple[Agent, Watcher, Turned]]:
    with running(fleet, ending=0.0) as (agent, watcher):
        yield agent, watcher, Turned(agent)


@pytest.fixture
def fleet() -> Calm:
    fleet = Calm("h1", "h2")
    fleet.settings = replace(fleet.settings, first_look=0.0, patience=20 * MINUTE)
    fleet.push(TWO_HOSTS)
    return fleet


@contextmanager
def hanging(fleet: Calm, *hosts: str) -> Iterator[Callable[[], None]]:
    """Have looks at hosts hang until the block ends; what is yielded waits until one does."""
    hangs, ends = threading.Event(), threading.Event()

    def on_look(machine: Machine) -> None:
        if machine.name in hosts:
            hangs.set()
            ends.wait(LONG)

    fleet.on_look = on_look
    try:
        yield lambda: _met(hangs)
    finally:
        ends.set()


def _met(event: threading.Event) -> None:
    assert event.wait(LONG)


class Minutes:
    """Looks at one loop once a minute; the test says in which step it is."""

    def __init__(self) -> None:
        self.loop = Worker("fleet", lambda _now: None, RealClock(), lambda _loop, _error: None)
        self._watch = Watch(20 * MINUTE)
        self.now = 0.0

    def go_by(self, minutes: int, *, steps: int = 0) -> tuple[str, ...]:
        """Return what is wrong in the end; ``steps`` is how many the loop makes in each minute."""
        wrong: tuple[str, ...] = ()
        for _ in range(minutes):
            if self.loop.step_under_way is not None:
                self.loop.step_under_way += steps
            wrong = self._watch.look([self.loop], self.now)
            self.now += MINUTE
        return wrong


def test_a_loop_that_waits_for_news_is_well_however_long() -> None:
    assert Minutes().go_by(600) == ()


def test_a_loop_that_is_never_at_rest_is_well_as_long_as_it_makes_steps() -> None:
    minutes = Minutes()
    minutes.loop.step_under_way = 1
    assert minutes.go_by(600, steps=1) == ()


def test_a_step_may_take_as_long_as_the_slowest_host_and_no_longer() -> None:
    minutes = Minutes()
    minutes.loop.step_under_way = 7
    assert minutes.go_by(21) == ()
    assert minutes.go_by(1) == ("the fleet loop has been stuck in a step for 21 minutes",)
    minutes.loop.step_under_way = 8
    assert minutes.go_by(21) == (), "it got on after all"


def test_a_process_that_was_stopped_for_hours_goes_on() -> None:
    minutes = Minutes()
    minutes.loop.step_under_way = 7
    assert minutes.go_by(1) == ()
    minutes.now += 8 * 60 * MINUTE
    assert minutes.go_by(1) == ()


def test_a_loop_that_never_comes_back_from_a_step_is_named(fleet: Calm) -> None:
    with hanging(fleet, "h1") as met, turning(fleet) as (_, watcher, turned):
        met()
        watcher.until(lambda now: any(host.name == "h2" and host.settled for host in now.hosts))
        assert "the host-h1 loop has been stuck in a step for 22 minutes" in turned.after(minutes=22)


def test_a_source_that_never_answers_nor_gives_up_is_named(fleet: Calm, monkeypatch: pytest.MonkeyPatch) -> None:
    hangs, ends = threading.Event(), threading.Event()

    def fetch() -> None:
        hangs.set()
        ends.wait(LONG)

    monkeypatch.setattr(fleet.source, "fetch", fetch)
    with turning(fleet) as (_, _, turned):
        _met(hangs)
        assert "the source loop has been stuck in a step for 22 minutes" in turned.after(minutes=22)
        ends.set()


def test_a_loop_whose_thread_died_is_named(fleet: Calm, monkeypatch: pytest.MonkeyPatch) -> None:
    met = threading.Event()

    def run_or_die(worker: Worker) -> None:
        if worker.thread.name == "host-h2":
            met.set()
        else:
            run(worker)

    run = Worker._run  # there is no other way to end a thread from outside
    monkeypatch.setattr(Worker, "_run", run_or_die)
    with turning(fleet) as (agent, watcher, turned):
        _met(met)
        watcher.until(lambda now: any(host.name == "h1" and host.settled for host in now.hosts))
        (dead,) = [thread for thread in agent_threads(agent) if thread.name == "host-h2"]
        dead.join(LONG)
        assert turned.after(minutes=0) == ("the host-h2 loop has ended",)


def agent_threads(agent: Agent) -> list[threading.Thread]:
    return [worker.thread for worker in agent._crew.workers]  # to wait until one of them is gone


def test_a_host_that_waits_for_its_turn_to_connect_is_well(fleet: Calm, monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand hosts that hang are connected to a few at a time: who waits in line is not stuck."""
    monkeypatch.setattr("agent.reconciler.host.link._TURN", 0.01)
    fleet.settings = replace(fleet.settings, connections=1)
    turns = threading.Semaphore(0)
    look = Link.look

    def counted(link: Link, now: float) -> Observation:
        seen = look(link, now)
        turns.release()
        return seen

    monkeypatch.setattr(Link, "look", counted)
    with hanging(fleet, "h1", "h2") as met, turning(fleet) as (_, watcher, turned):
        met()
        now = watcher.until(lambda now: any("waits to be connected to" in host.reason for host in now.hosts))
        (waits,) = [host.name for host in now.hosts if host.reason]
        wrong = turned.after(minutes=22, meanwhile=lambda: (turns.acquire(timeout=LONG), turns.acquire(timeout=LONG)))
        assert not any(waits in each for each in wrong), wrong
        assert any(each.startswith("the host-") for each in wrong), "the one that is connected to all the while"
