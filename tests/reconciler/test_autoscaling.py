"""How autoscalers get to know what pods use and what a metrics server says, and what becomes of it."""

import json
import math
from collections.abc import Callable, Mapping

import pytest
from msgspec.structs import replace

from agent.model.objects.fleet import Fleet
from agent.model.plan import FingerprintKey, FleetInput, FleetPlan
from agent.model.usage import ContainerUsage, Load
from agent.planner.fleet import plan_fleet
from agent.ports import Permanent, PortError, Temporary, Unreachable
from agent.reconciler.fleet import loop as fleet_loop
from agent.reconciler.fleet.asking import Asking
from agent.reconciler.host.sampling import Sampling
from agent.reconciler.inbox import Inbox
from agent.reconciler.reporting.board import Board
from agent.reconciler.reporting.counters import Counters
from agent.reconciler.reporting.recorder import Recorder
from agent.reconciler.settings import Settings
from agent.reconciler.shared import Shared
from agent.simulator.journal import SimulatedJournal
from tests.reconciler.calm import Calm, running
from tests.reconciler.idle_host import IdleHost
from tests.simulator.fleets import TWO, declaration, solo

Work = Callable[[], None]


def shared() -> tuple[Shared, SimulatedJournal]:
    inbox, counters, journal = Inbox(), Counters(), SimulatedJournal()
    board = Board("test", counters, current=lambda: True, changed=lambda: None)
    settings = Settings(agent="test", key=FingerprintKey(value=b"k" * 32))
    held = Shared(settings=settings, inbox=inbox, board=board, recorder=Recorder(journal), counters=counters)
    return held, journal


class Sampled(IdleHost):
    """Answers each question with the next of some answers."""

    def __init__(self, *answers: Mapping[str, ContainerUsage] | PortError) -> None:
        self.answers = list(answers)

    def sample(self) -> Mapping[str, ContainerUsage]:
        answer = self.answers.pop(0)
        if isinstance(answer, PortError):
            raise answer
        return answer


def used(at: float, cpu: float, memory: int = 0) -> ContainerUsage:
    return ContainerUsage(at=at, cpu_seconds=cpu, memory_bytes=memory)


def sampling(held: Shared) -> tuple[Sampling, list[Work]]:
    line: list[Work] = []
    made = Sampling("h1", held, line.append)
    made.wanted = True
    return made, line


def test_two_samples_make_a_load_by_the_hosts_own_clock() -> None:
    held, _ = shared()
    made, line = sampling(held)
    host = Sampled(
        {"a": used(500.0, 10.0), "gone": used(500.0, 1.0)}, {"a": used(520.0, 15.0, 7), "new": used(520.0, 1.0)}
    )
    made.refresh(host, 0.0)
    line.pop()()
    assert held.inbox.take().load == {}
    made.refresh(host, 14.9)
    assert line == []
    made.refresh(host, 15.0)
    line.pop()()
    assert held.inbox.take().load == {"h1": Load(at=15.0, window=15.0, cpu={"a": 0.25}, memory={"a": 7, "new": 0})}


def test_a_host_that_nobody_asks_about_is_left_alone() -> None:
    held, _ = shared()
    made, line = sampling(held)
    made.wanted = False
    made.refresh(Sampled(), 0.0)
    assert (line, made.due()) == ([], math.inf)


def test_a_sample_that_takes_long_is_not_joined_by_another_and_keeps_no_loop_busy() -> None:
    held, _ = shared()
    made, line = sampling(held)
    made.refresh(Sampled({}), 0.0)
    made.refresh(Sampled(), 20.0)
    assert len(line) == 1
    assert made.due() > 20.0


def test_what_cannot_be_measured_is_not_known_and_told_once() -> None:
    held, journal = shared()
    made, line = sampling(held)
    first, second = {"a": used(0.0, 0.0)}, {"a": used(15.0, 1.0)}
    host = Sampled(first, second, Temporary("containerd is busy"), Temporary("containerd is busy"), first, second)
    loads = []
    for turn in range(6):
        made.refresh(host, turn * 15.0)
        line.pop()()
        loads.append(set(held.inbox.take().load))
    assert loads == [set(), {"h1"}, set(), set(), set(), {"h1"}]
    assert [event.message for event in journal.events] == ["containerd is busy"]


def test_an_average_over_a_long_gap_is_none() -> None:
    held, _ = shared()
    made, line = sampling(held)
    host = Sampled({"a": used(0.0, 0.0)}, {"a": used(600.0, 1.0)})
    for now in (0.0, 600.0):
        made.refresh(host, now)
        line.pop()()
    assert held.inbox.take().load == {}


class Answering:
    """A metrics server of a test."""

    def __init__(self, answers: Mapping[str, float | PortError]) -> None:
        self.answers = answers
        self.asked: list[str] = []

    def query(self, promql: str) -> float:
        self.asked.append(promql)
        answer = self.answers[promql]
        if isinstance(answer, PortError):
            raise answer
        return answer


def test_every_question_is_asked_once_a_pause_or_when_another_comes() -> None:
    held, _ = shared()
    server = Answering({"a": 1.5, "b": Permanent("parse error", hint="mend it")})
    asking, woken = Asking(server, held), list[int]()
    asking.wake = lambda: woken.append(1)
    assert asking.step(0.0) is None, "as long as there is none"
    asking.want(("a",))
    assert (asking.step(1.0), held.inbox.take().answers) == (16.0, {"a": 1.5})
    asking.want(("a",))
    asking.step(10.0)
    asking.want(("a", "b"))
    asking.step(11.0)
    assert held.inbox.take().answers == {"a": 1.5, "b": "parse error (mend it)"}
    asking.step(26.0)
    assert server.asked == ["a", "a", "b", "a", "b"]
    assert len(woken) == 2


def test_a_server_that_is_gone_is_asked_once_a_round() -> None:
    held, _ = shared()
    server = Answering({"a": Unreachable("no route"), "b": 1.0})
    asking = Asking(server, held)
    asking.want(("a", "b"))
    asking.step(0.0)
    assert server.asked == ["a"]
    assert held.inbox.take().answers == {"a": "no route", "b": "no route"}


def test_without_a_server_the_reason_is_what_to_configure() -> None:
    held, _ = shared()
    asking = Asking(None, held)
    asking.want(("a",))
    asking.step(0.0)
    assert "spec.prometheus" in str(held.inbox.take().answers["a"])


def test_news_of_load_wake_nobody() -> None:
    inbox = Inbox()
    inbox.wake = lambda: pytest.fail("the next look is soon enough")
    inbox.loaded("h1", Load(at=1.0))
    inbox.answered({"a": 1.0})
    assert inbox.current
    inbox.forget("h1")
    assert inbox.take().load == {}


# On real threads


def manifest(kind: str, api: str, name: str, spec: Mapping[str, object]) -> str:
    return json.dumps({"apiVersion": api, "kind": kind, "metadata": {"name": name}, "spec": spec})


def scaled(metric: Mapping[str, object]) -> dict[str, str]:
    """Return the files of a Deployment of one replica and its autoscaler, on one host."""
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "app", "image": TWO}]}}
    web = {"replicas": 1, "selector": {"matchLabels": {"app": "web"}}, "template": template}
    scaler = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
        "maxReplicas": 4,
        "metrics": [metric],
        "behavior": {"scaleDown": {"stabilizationWindowSeconds": 0}},
    }
    return {
        **declaration(1, apps={}, solos={}).files(),
        "web.json": manifest("Deployment", "apps/v1", "web", web),
        "hpa.json": manifest("HorizontalPodAutoscaler", "autoscaling/v2", "web", scaler),
    }


def quick(files: Mapping[str, str]) -> Calm:
    fleet = Calm("h1")
    fleet.settings = replace(fleet.settings, autoscaling=0.2)
    fleet.source.push(dict(files), "an autoscaler")
    return fleet


def test_what_pods_use_becomes_replicas_up_and_down() -> None:
    each = {"type": "AverageValue", "averageValue": "100m"}
    fleet = quick(scaled({"type": "Resource", "resource": {"name": "cpu", "target": each}}))
    with running(fleet) as (_, watcher):
        watcher.until(lambda now: now.converged and len(fleet.running("h1")) == 1)
        fleet.machines["h1"].cores = 0.25
        watcher.until(lambda now: now.converged and len(fleet.running("h1")) == 4)
        fleet.machines["h1"].cores = 0.0
        watcher.until(lambda now: now.converged and len(fleet.running("h1")) == 1)
    told = [event.message for event in fleet.journal.events if event.reason == "SuccessfulRescale"]
    assert "above target" in told[0]
    assert told[-1] == "New size: 1; reason: All metrics below target"


def test_what_a_server_says_becomes_replicas() -> None:
    metric = {"name": "queue", "selector": {"matchLabels": {"of": "mail"}}}
    each = {"type": "AverageValue", "averageValue": "10"}
    fleet = quick(scaled({"type": "External", "external": {"metric": metric, "target": each}}))
    server = Answering({'sum(queue{of="mail"})': 30.0})
    with running(fleet, server) as (_, watcher):
        watcher.until(lambda now: now.converged and len(fleet.running("h1")) == 3)


def test_what_was_in_force_before_is_known_when_another_revision_is_judged_and_afterwards(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[tuple[str, str]] = []

    def name(fleet: Fleet | None) -> str:
        return fleet.revision.id if fleet else ""

    def planned(given: FleetInput) -> FleetPlan:
        seen.append((name(given.before), name(given.fleet)))
        return plan_fleet(given)

    monkeypatch.setattr(fleet_loop, "plan_fleet", planned)
    fleet = Calm("h1")
    first = fleet.push(declaration(1, apps={}, solos={"db": solo("h1")}))
    with running(fleet) as (agent, watcher):
        watcher.until(lambda now: now.converged)
        second = fleet.push(declaration(1, apps={}, solos={"db": solo("h1", TWO)}))
        agent.wake()
        watcher.until(lambda now: now.converged and now.fleet.in_force is not None and now.fleet.in_force.id == second)
    assert set(seen) == {("", first), (first, second)}
