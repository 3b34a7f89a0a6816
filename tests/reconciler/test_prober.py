"""Probes as a kubelet times and counts them, in simulated time."""

import pytest
from msgspec.structs import replace

from agent.model.labels import PROBES
from agent.model.observation import RuntimeFacts, Seen
from agent.model.probing import Health
from tests.reconciler.probing import Ward, container, probe


@pytest.mark.parametrize(
    ("fields", "times"),
    [
        ({}, [0, 10, 20, 30]),
        ({"period_seconds": 4}, [0, 4, 8, 12, 16, 20, 24, 28, 32]),
        ({"initial_delay_seconds": 7}, [7, 17, 27]),
        ({"initial_delay_seconds": 3, "period_seconds": 15}, [3, 18, 33]),
    ],
)
def test_when_checks_are_made(fields: dict[str, int | None], times: list[float]) -> None:
    ward = Ward()
    ward.has(container("app", ward.begun, readiness=probe(**fields)))
    ward.run(35)
    assert ward.times() == times


def test_the_initial_delay_counts_from_the_containers_start_by_the_agents_clock() -> None:
    ward = Ward()
    ward.facts = RuntimeFacts(clock_skew=100.0)
    ward.has(container("app", ward.begun + 100 - 5, readiness=probe(initial_delay_seconds=8)))
    ward.run(5)
    assert ward.times() == [3]


@pytest.mark.parametrize(
    ("fields", "results", "ready_after"),
    [
        ({}, "+", 1),
        ({"success_threshold": 3}, "+++", 3),
        ({"success_threshold": 2}, "+-++", 4),
        ({"success_threshold": 2}, "+?+", 3),
    ],
)
def test_readiness_comes_after_successes_in_a_row(
    fields: dict[str, int | None], results: str, ready_after: int
) -> None:
    ward = Ward()
    ward.has(container("app", ward.begun, readiness=probe(period_seconds=1, **fields)))
    assert _ready(ward) is False, "not ready before the first check"
    assert _row(ward, results) == [number >= ready_after for number in range(1, len(results) + 1)]


@pytest.mark.parametrize(
    ("fields", "results", "lost_after"),
    [
        ({}, "---", 3),
        ({"failure_threshold": 1}, "-", 1),
        ({"failure_threshold": 2}, "-+--", 4),
        ({"failure_threshold": 2}, "-?-", 3),
        ({"failure_threshold": 2}, "??????", 99),
    ],
)
def test_readiness_is_lost_after_failures_in_a_row_and_may_come_back(
    fields: dict[str, int | None], results: str, lost_after: int
) -> None:
    ward = Ward()
    ward.has(container("app", ward.begun, readiness=probe(period_seconds=1, **fields)))
    _row(ward, "+")
    assert _row(ward, results) == [number < lost_after for number in range(1, len(results) + 1)]
    if lost_after < 99:
        assert _row(ward, "+") == [True]


@pytest.mark.parametrize(("results", "failed"), [("+-+--", ""), ("+---", "liveness"), ("---", "liveness"), ("???", "")])
def test_liveness_starts_out_well_and_ends_in_a_restart(results: str, failed: str) -> None:
    ward = Ward()
    ward.has(container("app", ward.begun, liveness=probe(period_seconds=1, termination_grace_period_seconds=4)))
    assert ward.health() is None
    _row(ward, results)
    health = ward.health() or Health()
    assert (health.started, health.ready, health.failed) == (True, True, failed)
    assert health.grace == (4 if failed else None)
    assert health.message == ("Liveness probe failed: no" if failed else "")


def test_after_liveness_failed_only_readiness_goes_on() -> None:
    ward = Ward()
    ward.host.answer = lambda target: "failure" if target.kind == "liveness" else "success"
    ward.has(container("app", ward.begun, liveness=probe(), readiness=probe()))
    ward.run(45)
    assert ward.times("liveness") == [0, 10, 20]
    assert ward.times("readiness") == [0, 10, 20, 30, 40]


def test_startup_comes_first_and_the_others_wait_for_it() -> None:
    ward = Ward()
    ward.host.answer = lambda target: "failure" if target.kind == "startup" and len(ward.times()) < 3 else "success"
    slow = probe(initial_delay_seconds=12)
    ward.has(container("app", ward.begun, startup=probe(period_seconds=3), liveness=probe(), readiness=slow))
    ward.run(1)
    assert ward.health() == Health(started=False, ready=False, message="Startup probe failed: no", since=ward.begun)
    ward.run(18)
    assert ward.times("startup") == [0, 3, 6], "no more once it started"
    assert ward.times("liveness") == [6, 16], "at once"
    assert ward.times("readiness") == [12], "after its own delay"
    assert ward.health() == Health(since=ward.begun + 12)


def test_a_startup_probe_that_fails_for_good_asks_for_a_restart() -> None:
    ward = Ward()
    ward.host.answer = lambda _: "failure"
    ward.has(container("app", ward.begun, startup=probe(period_seconds=1, failure_threshold=4), liveness=probe()))
    ward.run(10)
    assert ward.times() == [0, 1, 2, 3]
    health = ward.health()
    assert health is not None
    assert (health.started, health.ready, health.failed, health.since) == (False, False, "startup", ward.begun + 3)


def test_a_container_that_was_restarted_begins_anew() -> None:
    ward = Ward()
    ward.host.answer = lambda target: "failure" if target.container_id == "app" else "success"
    ward.has(container("app", ward.begun, liveness=probe(period_seconds=1), readiness=probe(period_seconds=1)))
    ward.run(5)
    ward.has(container("app/1", ward.clock.now(), liveness=probe(period_seconds=1), readiness=probe(period_seconds=1)))
    assert ward.health("app") is None
    assert ward.health("app/1") is None
    ward.run(1)
    assert ward.health("app/1") == Health(since=ward.begun + 5)
    made = len(ward.times())
    ward.run(5)
    assert len(ward.times()) == made, "what is gone is not checked"


def test_an_agent_that_was_restarted_checks_at_once_and_then_not_all_together() -> None:
    ward = Ward()
    ids = [f"app-{number}" for number in range(50)]
    ward.has(*(container(name, ward.begun - 3600, readiness=probe()) for name in ids))
    assert ward.health(ids[0]) is None, "not ready until it was checked"
    ward.run(1)
    assert [ward.times("", name) for name in ids] == [[0]] * 50
    assert ward.health(ids[0]) == Health(since=ward.begun)
    ward.run(30)
    second = sorted(ward.times("", name)[1] for name in ids)
    assert 10 <= second[0] < second[-1] < 20
    assert len(set(second)) == 50
    assert all(round(later[2] - later[1], 3) == 10 for later in (ward.times("", name) for name in ids))


def test_the_host_is_told_when_health_changes_and_only_then() -> None:
    ward = Ward()
    ward.has(container("app", ward.begun, readiness=probe(period_seconds=1)))
    ward.run(20)
    assert ward.changes == 1
    ward.host.answer = lambda _: "failure"
    ward.run(20)
    assert ward.changes == 2
    look = ward.seen()
    assert replace(ward.prober.with_health("h1", look), health={}) == look
    assert ward.prober.with_health("other", look) is look, "no other look where there is nothing to add"


def test_a_host_that_cannot_be_seen_keeps_what_is_known_of_it() -> None:
    ward = Ward()
    app = container("app", ward.begun, readiness=probe(), liveness=probe())
    ward.has(app)
    ward.run(1)
    known = ward.health()
    ward.prober.lost("h1")
    ward.host.answer = lambda _: "failure"
    ward.run(100)
    assert (ward.times("readiness"), ward.health()) == ([0], known)
    ward.has(app)
    ward.run(50)
    assert ward.health() != known, "and goes on once it is seen"


def test_a_check_that_hangs_is_not_made_twice_and_holds_up_no_other_host() -> None:
    ward = Ward()
    ward.holds = True
    ward.has(*(container(f"app-{number}", ward.begun, liveness=probe(period_seconds=1)) for number in range(100)))
    ward.run(60)
    assert len(ward.line) == 16, "no more than so many threads a host"
    other = Ward()
    ward.prober.watch("h2", other.host, _seen(other), ward.clock.now(), lambda: None)
    ward.prober.step(ward.clock.now())
    ward.line.pop()()
    assert len(other.host.made) == 1
    ward.holds = False
    ward.run(0)
    assert len(ward.host.made) == 100, "each once, however long they waited"


def _seen(ward: Ward) -> Seen:
    ward.containers = (container("other", ward.begun, liveness=probe()),)
    return ward.seen()


def test_only_running_containers_of_ours_are_checked_and_what_is_no_probe_is_none() -> None:
    ward = Ward()
    ill = replace(container("ill", ward.begun).config, annotations={PROBES: '{"liveness": 5}'})
    ward.has(
        container("foreign", ward.begun, owner="other", liveness=probe()),
        replace(container("ended", ward.begun, liveness=probe()), state="exited"),
        replace(container("elsewhere", ward.begun, liveness=probe()), sandbox_id="gone"),
        replace(container("ill", ward.begun), config=ill),
        container("plain", ward.begun),
    )
    ward.run(60)
    assert ward.host.made == []


@pytest.mark.parametrize("seconds", [-7200.0, 7200.0])
def test_checks_go_on_when_the_clock_is_set(seconds: float) -> None:
    ward = Ward()
    ward.has(container("app", ward.begun, readiness=probe()))
    ward.run(15)
    ward.clock.jump(seconds)
    made = len(ward.host.made)
    ward.run(30)
    assert 3 <= len(ward.host.made) - made <= 4


def test_events_are_in_kubernetes_words_and_told_once_a_row() -> None:
    ward = Ward()
    ward.host.message = "HTTP probe failed with statuscode: 503"
    ward.has(container("app", ward.begun, readiness=probe(period_seconds=1)))
    for answer in ("failure", "success", "failure"):
        ward.host.answer = lambda _, answer=answer: answer  # type: ignore[misc] # mypy takes the default for a parameter
        ward.run(5)
    told = [(event.type, event.reason, event.object, event.message) for event in ward.journal.events]
    words = "app: Readiness probe failed: HTTP probe failed with statuscode: 503"
    assert told == [("Warning", "Unhealthy", "Pod default/web", words)] * 2
    health = ward.health()
    assert health is not None
    assert health.message == "Readiness probe failed: HTTP probe failed with statuscode: 503"


def test_a_fault_in_checks_ends_none_of_them() -> None:
    ward = Ward()

    def fails(_: object) -> str:
        raise ZeroDivisionError

    ward.host.answer = fails
    ward.has(*(container(f"app-{number}", ward.begun, readiness=probe()) for number in range(40)))
    ward.run(25)
    assert len(ward.host.made) == 120
    assert "fault in trimtab: ZeroDivisionError()" in ward.journal.events[0].message
    ward.host.answer = lambda _: "success"
    ward.run(10)
    assert ward.health("app-39") == Health(since=ward.begun + 30)


def test_checks_are_counted_and_timed() -> None:
    ward = Ward()
    results = iter(["success", "failure", "unknown", "success"])
    ward.host.answer = lambda _: next(results)
    ward.has(container("app", ward.begun, liveness=probe(period_seconds=1)))
    ward.run(3.5)
    metrics = ward.counters.read(0)
    counted = {"success": 2, "failure": 1, "unknown": 1}
    assert metrics.probes == {("liveness", result): count for result, count in counted.items()}
    assert set(metrics.probe_seconds) == {"liveness"}


def _ready(ward: Ward) -> bool:
    health = ward.health()
    return health is not None and health.ready and not health.failed


def _row(ward: Ward, results: str) -> list[bool]:
    """Let one check after the other end so; return what was seen after each."""
    seen = []
    for result in results:
        told = {"+": "success", "-": "failure", "?": "unknown"}[result]
        ward.host.answer = lambda _, told=told: told  # type: ignore[misc] # mypy takes the default for a parameter
        made = len(ward.host.made)
        while len(ward.host.made) == made:
            ward.run(0.25)
        seen.append(_ready(ward))
    return seen
