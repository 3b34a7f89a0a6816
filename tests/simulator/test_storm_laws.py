"""The laws of storms notice what they are there for: each is broken on purpose, and some run must fail."""

import random
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import pytest
from msgspec.structs import replace

from agent.model.memory import CronRecord
from agent.model.objects.cronjob import CronJobSpec
from agent.planner.autoscaling import metrics, usage
from agent.planner.autoscaling.replicas import Sample
from agent.planner.batch import cron
from agent.planner.batch.timing import Due, due
from agent.planner.disruption.preemption import Squeeze
from agent.planner.fleet import plan
from agent.planner.fleet.seating import Seating
from agent.planner.quota import Admission
from agent.planner.scheduler import Priorities, filters
from agent.planner.storage import ledger, marks
from agent.planner.workloads import job
from agent.planner.workloads.daemonset.scene import Scene as DaemonScene
from agent.planner.workloads.job import book, outcome
from agent.planner.workloads.job.policy import Verdict
from agent.planner.workloads.statefulset.scene import Scene as StatefulScene
from agent.simulator import Failed, simulate
from agent.simulator.judge import Violation
from agent.simulator.kinds.declared import Crowd, Daemon, Kinds, Priority, Scaled, Set, Work
from agent.simulator.world import World
from tests.simulator.fleets import ONE, TWO, app, declaration, fleet

Patch = pytest.MonkeyPatch
VALUES: Mapping[Priority, int] = {"low": -10, "high": 1000, "polite": 100}
PACE_OF_JOBS = sys.modules[job.claim.__module__ + ".pace"]


def _cordons_mean_nothing(patch: Patch) -> None:
    tainted = filters._tainted
    patch.setattr(filters, "LASTING", tuple(one for one in filters.LASTING if one is not tainted))
    for module in [one for name, one in sys.modules.items() if name.startswith("agent.planner")]:
        if getattr(module, "LASTING", None) is not None:
            patch.setattr(module, "LASTING", filters.LASTING)


def _who_comes_first_is_forgotten(patch: Patch) -> None:
    made, squeezed = Seating.__init__, Squeeze.__init__

    def eager(self: Seating, *given: Any) -> None:  # noqa: ANN401 -- passed on
        made(self, *given)
        self._lowest = -(10**9)

    def ruthless(self: Squeeze, demand: Any, _priority: int, *rest: Any) -> None:  # noqa: ANN401 -- passed on
        squeezed(self, demand, 10**9, *rest)

    patch.setattr(Seating, "__init__", eager)
    patch.setattr(Squeeze, "__init__", ruthless)


def _nobody_is_polite(patch: Patch) -> None:
    of = Priorities.of
    patch.setattr(Priorities, "of", lambda self, spec: of(self, spec)._replace(preempts=True))


def _quotas_mean_nothing(patch: Patch) -> None:
    patch.setattr(plan, "admit", lambda *_: Admission())


def _all_ordinals_are_due(patch: Patch) -> None:
    made = StatefulScene.__init__

    def hasty(self: StatefulScene, *scope: object) -> None:
        made(self, *scope)  # type: ignore[arg-type]  # passed on
        self.due = self.wanted  # type: ignore[misc]  # on purpose
        self.rolls = True  # type: ignore[misc]  # on purpose

    patch.setattr(StatefulScene, "__init__", hasty)


def _daemons_roll_by_themselves(patch: Patch) -> None:
    made = DaemonScene.__init__

    def hasty(self: DaemonScene, *scope: object) -> None:
        made(self, *scope)  # type: ignore[arg-type]  # passed on
        self.rolls = True  # type: ignore[misc]  # on purpose

    patch.setattr(DaemonScene, "__init__", hasty)


def _daemons_go_before_others_come(patch: Patch) -> None:
    patch.setattr(DaemonScene, "serves", lambda *_: True)


def _data_goes_at_once(patch: Patch) -> None:
    for module in (ledger, marks):
        patch.setattr(module, "retention", lambda _class: 0.0)


def _suspended_jobs_go_on(patch: Patch) -> None:
    def run(scene: object, _book: object) -> None:
        scene.spec = replace(scene.spec, suspend=False)  # type: ignore[attr-defined]  # a job's scene

    pace = PACE_OF_JOBS.pace
    module = sys.modules[job.claim.__module__]

    def unaware(scene: object, found: object) -> object:
        run(scene, found)
        return pace(scene, found)

    patch.setattr(module, "pace", unaware)


def _failures_have_no_limit(patch: Patch) -> None:
    patch.setattr(outcome, "_limit", lambda _scene, _book=None: 10**6)


def _every_failure_is_the_end(patch: Patch) -> None:
    patch.setattr(book, "judge", lambda *_: Verdict("FailJob", "just so"))


def _disruptions_count(patch: Patch) -> None:
    patch.setattr(book, "judge", lambda *_: Verdict("Count"))


def _zones_mean_nothing(patch: Patch) -> None:
    def abroad(spec: CronJobSpec, record: CronRecord, now: float) -> Due:
        return due(replace(spec, time_zone="Etc/UTC"), record, now)

    patch.setattr(cron, "due", abroad)


def _missed_times_are_forgotten(patch: Patch) -> None:
    def forgetful(spec: CronJobSpec, record: CronRecord, now: float) -> Due:
        found = due(spec, record, now)
        return found._replace(at=None) if found.at is not None and found.at < now - 60 else found

    patch.setattr(cron, "due", forgetful)


def _what_is_not_measured_uses_nothing(patch: Patch) -> None:
    sample = usage.sample

    def idle(*asked: object) -> Sample:
        found = sample(*asked)  # type: ignore[arg-type]  # passed on
        return Sample({**found.used, **dict.fromkeys(found.missing, 0)}, found.unready, ())

    patch.setattr(metrics, "sample", idle)


BROKEN: Sequence[tuple[Callable[[Patch], None], str, int]] = (
    (_cordons_mean_nothing, "takes no new pods", 11),
    (_data_goes_at_once, "the data of", 46),
    (_suspended_jobs_go_on, "is suspended", 7),
    (_failures_have_no_limit, "goes on with", 34),
    (_every_failure_is_the_end, "without a cause", 0),
)


@pytest.mark.parametrize(("break_it", "words", "first"), BROKEN)
def test_a_broken_law_of_a_storm_is_noticed(
    monkeypatch: Patch, break_it: Callable[[Patch], None], words: str, first: int
) -> None:
    break_it(monkeypatch)
    # The first is one that notices today, so that this does not take long; any other would do.
    assert any(words in _failure(seed) for seed in (first, *range(20))), "nobody noticed"


def _failure(seed: int) -> str:
    try:
        simulate(seed, "storm")
    except Failed as failed:
        return str(failed)
    return ""


def _to(before: Kinds, after: Kinds, seconds: float = 30.0) -> World:
    """Return a fleet that is converged to one thing, and goes on to another."""
    world = fleet(declaration(2, apps={}, kinds=before))
    world.push(declaration(2, apps={}, kinds=after))
    world.pass_time(seconds)
    return world


def test_pods_beyond_the_quota_are_noticed(monkeypatch: Patch) -> None:
    _quotas_mean_nothing(monkeypatch)
    world = fleet(declaration(2, apps={"web": app(2)}, kinds=Kinds(quota=2)))
    world.push(declaration(2, apps={"web": app(2, TWO)}, kinds=Kinds(quota=2)))
    with pytest.raises(Violation, match="the quota allows 2"):
        world.pass_time(30)


@pytest.mark.parametrize("spared", [{"partition": 2}, {"on_delete": True}])
def test_an_update_of_what_is_not_due_is_noticed(monkeypatch: Patch, spared: dict[str, Any]) -> None:
    _all_ordinals_are_due(monkeypatch)
    db = Set(replicas=2, image=ONE, **spared)
    with pytest.raises(Violation, match="is not to be updated"):
        _to(Kinds(sets={"db": db}), Kinds(sets={"db": replace(db, image=TWO)}))


def test_daemons_that_are_updated_before_somebody_deletes_them_are_noticed(monkeypatch: Patch) -> None:
    _daemons_roll_by_themselves(monkeypatch)
    log = Daemon(image=ONE, on_delete=True)
    with pytest.raises(Violation, match="only somebody may delete it"):
        _to(Kinds(daemons={"log": log}), Kinds(daemons={"log": replace(log, image=TWO)}))


def test_a_daemon_that_goes_before_its_successor_works_is_noticed(monkeypatch: Patch) -> None:
    _daemons_go_before_others_come(monkeypatch)
    log = Daemon(image=ONE, surge=1)
    with pytest.raises(Violation, match="before another one was"):
        _to(Kinds(daemons={"log": log}), Kinds(daemons={"log": replace(log, image=TWO)}))


@pytest.mark.parametrize(
    ("break_it", "first", "words"),
    [(_who_comes_first_is_forgotten, "low", "comes not before it"), (_nobody_is_polite, "polite", "pushes nobody out")],
)
def test_room_that_nobody_had_to_make_is_noticed(
    monkeypatch: Patch, break_it: Callable[[Patch], None], first: Priority, words: str
) -> None:
    break_it(monkeypatch)
    bulk, vital = Crowd(replicas=4, image=ONE, priority="low"), Crowd(replicas=1, image=ONE, priority=first)
    before = Kinds(crowds={"bulk": bulk}, priorities=VALUES, cores=2)
    with pytest.raises(Violation, match=words):
        _to(before, replace(before, crowds={"bulk": bulk, "vital": vital}))


def test_pods_that_were_sent_away_and_count_are_noticed(monkeypatch: Patch) -> None:
    _disruptions_count(monkeypatch)
    work = Work(completions=1, parallelism=1, image=ONE, failing="spares")
    world = World(random.Random(1), ("h1", "h2"))
    world.push(declaration(2, apps={}, kinds=Kinds(works={"import": work})))
    world.pass_time(0.5)

    def drains() -> None:
        for host in ("h1", "h2", "h1"):
            world.push(declaration(2, apps={}, kinds=Kinds(works={"import": work}, drained=(host,))))
            world.pass_time(0.5)

    with pytest.raises(Violation, match="failed by themselves"):
        drains()


@pytest.mark.parametrize(
    ("break_it", "policy", "words"),
    [(_zones_mean_nothing, "Forbid", "is begun, for"), (_missed_times_are_forgotten, "Allow", "made no job for")],
)
def test_jobs_at_wrong_times_and_those_that_are_missing_are_noticed(
    monkeypatch: Patch, break_it: Callable[[Patch], None], policy: Literal["Allow", "Forbid"], words: str
) -> None:
    break_it(monkeypatch)
    nightly = Work(completions=1, parallelism=1, image=ONE, at="0 2,3 * * *", zone="Europe/Berlin", policy=policy)
    world = World(random.Random(1), ("h1",), start=1_711_846_800.0 - 7200)
    world.push(declaration(1, apps={}, kinds=Kinds(works={"nightly": nightly})))
    world.settle()
    world.away(8000.0)
    with pytest.raises(Violation, match=words):
        world.pass_time(4000.0)


def test_an_autoscaler_that_shrinks_what_it_cannot_measure_is_noticed(monkeypatch: Patch) -> None:
    _what_is_not_measured_uses_nothing(monkeypatch)
    shop = Kinds(scaled={"shop": Scaled(image=ONE, least=1, most=3)})
    world = World(random.Random(1), ("h1",))
    world.machines["h1"].cores = 0.2
    world.push(declaration(1, apps={}, kinds=shop))
    world.pass_time(400)
    world.machines["h1"].blind = True
    with pytest.raises(Violation, match="nobody can measure it"):
        world.pass_time(900)
