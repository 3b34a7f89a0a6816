"""The small parts of the loops, each by itself."""

from collections.abc import Callable, Sequence

import pytest
from msgspec.structs import replace

from agent.model.action import Action, Outcome, RemovePodFiles, RunSandbox
from agent.model.cause import Drift
from agent.model.cri import SandboxConfig
from agent.model.desired import HostDesired, KeptPod
from agent.model.objects.meta import PodKey
from agent.model.observation import RuntimeFacts, Seen, Unseen
from agent.ports import Event, Permanent, State
from agent.reconciler.backoff import reconnect_delay, source_delay
from agent.reconciler.host.expected import Expected
from agent.reconciler.host.failures import Failures
from agent.reconciler.host.flights import Ended, Flights, Wishes
from agent.reconciler.host.wishes import wishes
from agent.reconciler.inbox import Inbox
from agent.reconciler.reporting.recorder import Recorder
from tests.reconciler.idle_host import IdleHost

POD = PodKey(namespace="default", name="web")
OTHER = PodKey(namespace="default", name="db")
CAUSE = Drift(rule="r", what="w", seen_at=0.0)


def action(pod: PodKey = POD, *, after: tuple[str, ...] = (), uid: str = "") -> Action:
    return Action(
        id=f"create {pod}",
        verb="create",
        pod=pod,
        uid=uid or pod.name,
        rule="r",
        cause=CAUSE,
        consequence="create",
        steps=(RunSandbox(config=SandboxConfig(name=pod.name, namespace=pod.namespace, uid=uid or pod.name)),),
        after=after,
    )


class FakeHost(IdleHost):
    """Executes by a function."""

    def __init__(self, run: Callable[[Sequence[Action], Callable[[Outcome], None], Callable[[], bool]], None]) -> None:
        self._run = run

    def execute(
        self, actions: Sequence[Action], *, report: Callable[[Outcome], None], superseded: Callable[[], bool]
    ) -> None:
        self._run(actions, report, superseded)


def flights(wanted: Wishes | None = None) -> tuple[Flights, list[Callable[[], None]], list[Wishes]]:
    line: list[Callable[[], None]] = []
    latest = [wanted or {}]
    return Flights(line.append, lambda: latest[0], lambda: None), line, latest


def test_a_lost_host_is_tried_after_one_second_then_ever_more_slowly() -> None:
    pauses = [reconnect_delay("edge-1", failures) for failures in range(1, 12)]
    assert 0.75 <= pauses[0] <= 1.0
    assert all(45 <= pause <= 60 for pause in pauses[6:])
    assert reconnect_delay("edge-1", 3) == pauses[2], "the same for the same host and attempt"
    assert reconnect_delay("edge-2", 3) != pauses[2], "hosts lost together do not come back together"


def test_a_failing_source_is_asked_ever_more_slowly() -> None:
    assert [source_delay(failures) for failures in (1, 2, 3, 50)] == [5, 10, 20, 300]


def test_nothing_is_started_on_a_busy_pod_nor_after_what_cannot_start() -> None:
    flying, _, _ = flights()
    flying.launch(FakeHost(lambda *_: None), [action()], 0.0)
    waits = action(OTHER, after=(action().id,))
    free = action(PodKey(namespace="default", name="free"))
    same_uid = action(PodKey(namespace="", name="folder"), uid=POD.name)
    assert flying.launchable((action(), waits, free, same_uid)) == (free,)


def test_the_files_that_a_replacement_removes_are_removed_by_nobody_else() -> None:
    flying, _, _ = flights()
    make = action(uid="new")
    flying.launch(FakeHost(lambda *_: None), [replace(make, steps=(RemovePodFiles(uid="old"), *make.steps))], 0.0)
    left = action(PodKey(namespace="", name="old"), uid="old")
    other = action(PodKey(namespace="", name="other"), uid="other")
    assert flying.launchable((left, other)) == (other,)


def test_a_pod_is_busy_until_its_outcome_was_handed_out() -> None:
    flying, line, _ = flights()
    host = FakeHost(lambda actions, report, _: report(Outcome(action=actions[0].id, pod=POD)))
    flying.launch(host, [action()], 0.0)
    line.pop()()
    assert flying.busy == {POD}
    ended, landed = flying.drain()
    assert [one.outcome.error for one in ended] == [""]
    assert landed
    assert flying.busy == frozenset()


def _raises(error: Exception) -> Callable[..., None]:
    def run(*_: object) -> None:
        raise error

    return run


@pytest.mark.parametrize(
    ("run", "kind", "words"),
    [
        (_raises(Permanent("no rights")), "refused", "no rights"),
        (_raises(ZeroDivisionError()), "runtime", "fault in trimtab"),
        (lambda *_: None, "runtime", "without saying how"),
    ],
)
def test_an_executor_that_fails_leaves_no_pod_busy(run: Callable[..., None], kind: str, words: str) -> None:
    flying, line, _ = flights()
    flying.launch(FakeHost(run), [action(), action(OTHER)], 0.0)
    line.pop()()
    ended, _ = flying.drain()
    assert [(one.outcome.kind, words in one.outcome.error) for one in ended] == [(kind, True)] * 2
    assert flying.busy == frozenset()


def test_a_batch_is_superseded_only_by_what_concerns_its_pods() -> None:
    def wanted(*pods: PodKey) -> Wishes:
        kept = tuple(KeptPod(key=pod, cause=CAUSE) for pod in pods)
        return wishes(HostDesired(host="h1", agent="a", revision="1", kept=kept))

    asked: list[bool] = []
    flying, line, latest = flights(wanted(POD))

    def run(_actions: Sequence[Action], _report: Callable[[Outcome], None], superseded: Callable[[], bool]) -> None:
        for now in (wanted(POD), wanted(POD, OTHER), wanted(OTHER)):
            latest[0] = now
            asked.append(superseded())

    flying.launch(FakeHost(run), [action()], 0.0)
    line.pop()()
    assert asked == [False, False, True]
    assert flying.drain()[0][0].overtaken


def failed(error: str = "no", kind: str = "runtime", **more: object) -> Ended:
    outcome = Outcome(action="a", pod=POD, error=error, kind=kind)  # type: ignore[arg-type]  # a test's shorthand
    return Ended(action=action(), outcome=replace(outcome, **more))


def test_failures_count_until_a_success() -> None:
    rows = Failures()
    rows.take(failed(), 10.0)
    rows.take(failed("still"), 20.0)
    assert (rows.rows[POD].count, rows.rows[POD].last_at, rows.rows[POD].message) == (2, 20.0, "still")
    rows.take(failed(""), 30.0)
    assert rows.rows == {}


def test_a_lost_link_and_a_superseded_action_are_nobodys_failure() -> None:
    rows = Failures()
    rows.take(failed(kind="unreachable"), 10.0)
    rows.take(failed(superseded=True), 10.0)
    rows.take(replace(failed(), overtaken=True), 10.0)
    assert rows.rows == {}


def test_success_in_vain_again_and_again_backs_off() -> None:
    rows = Failures()
    for _ in range(5):
        rows.take(failed(""), 10.0)
    assert "still needed" in rows.rows[POD].message
    rows = Failures()
    for _ in range(20):
        rows.take(failed(""), 10.0)
        rows.keep({POD}, needy=set())
    assert rows.rows == {}, "not in vain when the pod was in order in between"


def test_nothing_is_counted_for_a_pod_that_is_gone() -> None:
    rows = Failures()
    rows.take(failed(), 10.0)
    rows.keep({POD}, needy=set())
    assert POD in rows.rows, "it waits"
    rows.keep(set(), needy=set())
    assert rows.rows == {}


def test_a_pod_that_is_wanted_differently_starts_afresh() -> None:
    rows = Failures()
    rows.take(failed(), 10.0)
    kept = wishes(HostDesired(host="h1", agent="a", revision="1", kept=(KeptPod(key=POD, cause=CAUSE),)))
    rows.rewished(kept, kept)
    assert POD in rows.rows
    rows.rewished(kept, {})
    assert rows.rows == {}


SEEN = Seen(at=1.0, facts=RuntimeFacts())


def test_the_fleet_loop_is_woken_by_what_matters_to_it_only() -> None:
    inbox, woken = Inbox(), []
    inbox.wake = lambda: woken.append(1)
    inbox.observed("h1", SEEN, {})
    inbox.observed("h1", replace(SEEN, at=2.0, pod_dirs=("x",)), {})
    assert len(woken) == 1
    inbox.observed("h1", Unseen(since=3.0, reason="cut", last_known=SEEN), {})
    inbox.observed("h1", Unseen(since=3.0, reason="cut", last_known=SEEN), {})
    assert len(woken) == 2
    assert inbox.take().observations["h1"] == Unseen(since=3.0, reason="cut", last_known=SEEN)


def test_everything_is_taken_in_only_when_it_was_acted_upon() -> None:
    inbox = Inbox()
    inbox.approve("r1")
    assert not inbox.current
    assert inbox.take().approved == ("r1",)
    assert not inbox.current
    inbox.done()
    assert inbox.current


def test_what_is_being_made_is_there_until_a_look_says_otherwise() -> None:
    expected = Expected()
    expected.launched([action()], 5.0)
    told = expected.add_to(SEEN, frozenset({POD}))
    assert isinstance(told, Seen)
    assert [(one.config.name, one.ready) for one in told.sandboxes] == [("web", False)]
    lost = expected.add_to(Unseen(since=6.0, reason="cut", last_known=SEEN), frozenset())
    assert isinstance(lost, Unseen)
    assert lost.last_known == told
    assert expected.add_to(SEEN, frozenset()) == SEEN


class Events:
    def __init__(self) -> None:
        self.events: list[Event] = []

    def load(self) -> State:
        raise NotImplementedError

    def save(self, state: State) -> None:
        raise NotImplementedError

    def record(self, event: Event) -> None:
        self.events.append(event)


def test_what_lasts_is_recorded_once_until_it_changes() -> None:
    journal = Events()
    recorder = Recorder(journal)
    cut = Event(at=1.0, type="Warning", reason="HostUnseen", message="cut")
    for event in (cut, replace(cut, at=2.0), replace(cut, message="key"), cut):
        recorder.lasts(("h1", "link"), event)
    assert [event.message for event in journal.events] == ["cut", "key", "cut"]
