"""What becomes of the loops where a step fails, and where threads are hard to come by or come too late."""

import queue
import threading
from typing import NoReturn

import pytest

from agent.ports import Temporary
from agent.reconciler.crew import Crew
from agent.reconciler.threads import Worker
from tests.reconciler.calm import LONG, Calm, RealClock, Watcher, agent_of
from tests.reconciler.stepped import Stepped
from tests.simulator.fleets import declaration, solo

FLEET = declaration(1, apps={}, solos={"db": solo("h1")})


def no_thread(*_: object) -> NoReturn:
    raise RuntimeError("can't start new thread")


@pytest.mark.parametrize("wanted", ["fleet", "host-h1", "batch"])
def test_an_agent_that_gets_no_thread_ends_and_says_what_it_lacks(monkeypatch: pytest.MonkeyPatch, wanted: str) -> None:
    """It would go on without an answer from its hosts otherwise, and take them for gone."""
    start = threading.Thread.start

    def scarce(thread: threading.Thread) -> None:
        if thread.name == wanted:
            no_thread()
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", scarce)
    fleet = Calm("h1")
    fleet.push(FLEET)
    agent = agent_of(fleet, Watcher())
    alarm = threading.Timer(LONG, agent.stop)
    alarm.daemon = True
    alarm.start()
    with pytest.raises(Temporary, match="no further thread") as ended:
        agent.run()
    alarm.cancel()
    assert "TasksMax" in ended.value.hint
    told = [event.message for event in fleet.journal.events if event.reason == "OutOfThreads"]
    assert all("raise its limit (TasksMax" in message for message in told)
    assert len(told) == (wanted != "fleet"), "once, unless no loop had begun yet"


def test_a_loop_with_a_fault_is_not_stepped_at_once_however_often_it_is_woken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.reconciler.threads._AFTER_FAULT", LONG)
    faults: queue.SimpleQueue[str] = queue.SimpleQueue()
    worker = Worker("host-h1", no_thread, RealClock(), lambda loop, _error: faults.put(loop))
    worker.start()
    assert faults.get(timeout=LONG) == "host-h1"
    worker.wake()
    worker.stop()
    worker.thread.join(LONG)
    assert not worker.thread.is_alive()
    assert faults.empty()


def test_a_host_whose_loop_could_not_be_started_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    fleet = Calm("h1")
    fleet.push(FLEET)
    agent = Stepped(fleet)
    monkeypatch.setattr(agent, "adopt", no_thread)
    with pytest.raises(RuntimeError):
        agent.plan(0.0)
    monkeypatch.undo()
    agent.plan(1.0)
    assert list(agent.hosts) == ["h1"]


def test_no_host_is_taken_on_once_all_loops_are_being_stopped() -> None:
    fleet = Calm("h1")
    fleet.push(FLEET)
    agent = Stepped(fleet)
    agent.plan(0.0)
    crew = Crew(fleet.clock, no_thread)
    assert crew.dismiss(timeout=0.0)
    crew.adopt(agent.hosts["h1"])
    assert "host-h1" not in {thread.name for thread in threading.enumerate()}
    assert fleet.made == []
