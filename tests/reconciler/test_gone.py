"""Nothing is kept of what is gone: an agent runs for months, and pods come and go."""

import json

from msgspec.structs import replace

from agent.model.objects.meta import PodKey
from agent.model.plan import Waiting
from agent.reconciler.host.pod_events import PodEvents
from agent.reconciler.reporting.recorder import Recorder
from agent.simulator.journal import SimulatedJournal
from agent.simulator.machine import Machine
from tests.reconciler.calm import Calm
from tests.reconciler.stepped import Stepped
from tests.simulator.fleets import app, declaration, solo

POD = PodKey(namespace="default", name="web")
TWO = declaration(2, apps={}, solos={"db": solo("h1"), "cache": solo("h2")})
ONE = replace(TWO, hosts=("h1",), solos={"db": solo("h1")})


def test_what_waits_is_told_once_and_anew_only_for_another_pod_of_the_name() -> None:
    journal = SimulatedJournal()
    events = PodEvents("h1", Recorder(journal))
    waits = Waiting(pod=POD, reason="back-off", message="back-off until 12:04:10")
    for known in ({POD}, {POD}, set(), {POD}):
        events.wait([waits] if known else [], 1.0)
        events.keep(known)
    assert [event.reason for event in journal.events] == ["BackOff", "BackOff"]


def test_a_pod_that_has_no_place_is_told_of_once_and_anew_when_it_is_back_without_one() -> None:
    fleet = Calm("h1")
    files = dict(declaration(1, apps={"web": app(1)}).files())
    host = json.loads(files["hosts/h1.json"])
    host["spec"]["unschedulable"] = True
    cordoned = {**files, "hosts/h1.json": json.dumps(host)}
    without = declaration(1, apps={}).files()
    agent = Stepped(fleet)
    for now, pushed in enumerate((cordoned, cordoned, without, cordoned), 1):
        fleet.source.push(pushed, f"commit {now}")
        agent.plan(float(now))
        agent.plan(now + 0.5)
    assert [event.reason for event in fleet.journal.events].count("FailedScheduling") == 2


def test_a_look_that_was_under_way_as_its_host_left_git_leaves_nothing_behind() -> None:
    fleet = Calm("h1", "h2")
    fleet.push(TWO)
    agent = Stepped(fleet)
    agent.plan(0.0)
    h2 = agent.hosts["h2"]

    def leave(_machine: Machine) -> None:
        fleet.push(ONE)
        agent.plan(1.0)

    fleet.on_look = leave
    h2.step(1.0)
    h2.step(2.0)
    assert "h2" not in agent.loops.shared.inbox.observations
