"""The simulation is worth something only if it notices: each law is broken on purpose, and some run must fail."""

import sys
from collections.abc import Callable

import pytest
from msgspec.structs import replace

from agent.model.action import Action, StopSandbox
from agent.model.cause import Drift
from agent.model.labels import AGENT
from agent.model.memory import CronRecord
from agent.model.objects.cronjob import CronJobSpec
from agent.model.objects.fleet import Fleet
from agent.model.objects.meta import PodKey
from agent.model.observation import RuntimeFacts, Seen, Unseen
from agent.model.plan import FleetInput, FleetPlan, HostInput, HostPlan
from agent.planner.batch import cron
from agent.planner.batch.timing import Due, due
from agent.planner.disruption.budgets import Budgets, _Budget
from agent.planner.fleet import lost, plan_fleet
from agent.planner.fleet.present import Present
from agent.planner.host import plan_host
from agent.planner.host.rendering.rendered import RenderedPod
from agent.planner.host.rules import parts
from agent.planner.host.rules.init_order import Turn
from agent.planner.pods import ObservedPod
from agent.planner.workload import Scope
from agent.planner.workloads import daemonset, job
from agent.planner.workloads.deployment import Bounds, bounds, scene
from agent.planner.workloads.statefulset.scene import Scene as StatefulScene
from agent.ports import PortError
from agent.reconciler.fleet import loop as fleet_loop
from agent.reconciler.fleet.loop import FleetLoop
from agent.reconciler.host import loop as host_loop
from agent.reconciler.host.flights import Flights
from agent.reconciler.host.link import Link
from agent.reconciler.inbox import Offer
from agent.reconciler.source_loop import SourceLoop
from agent.simulator import Chaos, Failed, simulate
from agent.simulator.judge import Violation
from agent.simulator.kinds.declared import Crowd, Kinds, Set
from agent.simulator.laws.capacity import check_capacity
from agent.simulator.laws.moment import Broken
from agent.simulator.machine import Machine
from agent.simulator.stage import AGENT as AGENT_NAME
from tests.simulator.fleets import ONE, TWO, app, declaration, fleet

Patch = pytest.MonkeyPatch


def _unreachable_is_empty(patch: Patch) -> None:
    lost = Link._lost

    def empty(self: Link, error: PortError, now: float) -> Seen:
        lost(self, error, now)
        return Seen(at=now, facts=RuntimeFacts(cpu_millis=16_000, memory_bytes=64 << 30))

    patch.setattr(Link, "_lost", empty)


def _a_bad_commit_is_an_empty_one(patch: Patch) -> None:
    consider = FleetLoop._consider

    def lenient(self: FleetLoop, offer: Offer, now: float) -> None:
        if offer.fleet is None and self._fleet is not None:
            hosts = {key: one for key, one in self._fleet.objects.items() if key.kind == "Host"}
            offer = replace(offer, fleet=Fleet(revision=offer.revision, objects=hosts))
        consider(self, offer, now)

    patch.setattr(FleetLoop, "_consider", lenient)


def _foreign_pods_are_removed(patch: Patch) -> None:
    def greedy(given: HostInput) -> HostPlan:
        plan = plan_host(given)
        seen = given.observation
        foreign = [one for one in seen.sandboxes if AGENT not in one.config.labels] if isinstance(seen, Seen) else []
        more = [
            Action(
                id=f"remove {one.id}",
                verb="remove",
                pod=PodKey(namespace=one.config.namespace, name=one.config.name),
                uid=one.config.uid,
                rule="greed",
                cause=Drift(rule="greed", what="it is there", seen_at=given.now),
                consequence="remove",
                steps=(StopSandbox(sandbox_id=one.id),),
            )
            for one in foreign
        ]
        return replace(plan, actions=(*plan.actions, *more))

    patch.setattr(host_loop, "plan_host", greedy)


def _foreign_pods_are_removed_and_nobody_lints(patch: Patch) -> None:
    _foreign_pods_are_removed(patch)
    patch.setattr(host_loop, "lint_plan", lambda *_: ())


def _bounded_by(patch: Patch, change: Callable[[Bounds], Bounds]) -> None:
    patch.setattr(scene, "bounds", lambda spec: change(bounds(spec)))


def _all_may_be_unavailable(patch: Patch) -> None:
    _bounded_by(patch, lambda limits: replace(limits, unavailable=9))


def _surge_is_two_more(patch: Patch) -> None:
    _bounded_by(patch, lambda limits: replace(limits, surge=limits.surge + 2))


def _a_busy_pod_gets_more_to_do(patch: Patch) -> None:
    def all_at_once(_self: Flights, actions: tuple[Action, ...]) -> tuple[Action, ...]:
        return actions

    patch.setattr(Flights, "launchable", all_at_once)
    patch.setattr(Flights, "busy", property(lambda _self: frozenset[PodKey]()))


def _a_lost_host_is_given_up(patch: Patch) -> None:
    patch.setattr(Link, "due", lambda self, now: now + 1e9 if isinstance(self.observation, Unseen) else None)


def _the_last_good_revision_is_forgotten(patch: Patch) -> None:
    def forget(self: SourceLoop, _now: float) -> None:
        self._restore = ""

    patch.setattr(SourceLoop, "_put_back", forget)


def _placements_are_forgotten(patch: Patch) -> None:
    def forget(given: FleetInput) -> FleetPlan:
        return plan_fleet(replace(given, memory=replace(given.memory, placements={})))

    patch.setattr(fleet_loop, "plan_fleet", forget)


def _main_containers_do_not_wait(patch: Patch) -> None:
    def all_at_once(wanted: RenderedPod, pod: ObservedPod) -> Turn:
        there = tuple(one for one in wanted.containers if one.config.name in pod.containers)
        return Turn(active=there, next=tuple(one for one in wanted.containers if one not in there))

    patch.setattr(parts, "whose_turn", all_at_once)


def _readiness_does_not_matter(patch: Patch) -> None:
    patch.setattr(ObservedPod, "is_ready", lambda _self, container: container.state == "running")


def _identities_are_given_up(patch: Patch) -> None:
    patch.setattr(lost, "_INTERCHANGEABLE", frozenset({"StatefulSet"}))


def _sets_roll_all_at_once(patch: Patch) -> None:
    def hasty(self: StatefulScene, scope: Scope) -> None:
        made(self, scope)
        self.unavailable = 9  # type: ignore[misc] # on purpose

    made = StatefulScene.__init__
    patch.setattr(StatefulScene, "__init__", hasty)


def _daemons_are_made_beside_old_ones(patch: Patch) -> None:
    patch.setattr(sys.modules[daemonset.claim.__module__ + ".pace"], "_free", lambda _scene, _host: True)


def _jobs_run_one_too_many(patch: Patch) -> None:
    pace_of_jobs = sys.modules[job.claim.__module__ + ".pace"]
    wanted = pace_of_jobs._wanted
    patch.setattr(pace_of_jobs, "_wanted", lambda scene, book: wanted(scene, book) + 1)


def _a_clock_set_back_makes_jobs_again(patch: Patch) -> None:
    def forgetful(spec: CronJobSpec, record: CronRecord, now: float) -> Due:
        return due(spec, replace(record, last=0.0, since=now - 600), now)

    patch.setattr(cron, "due", forgetful)


def _budgets_allow_everything(patch: Patch) -> None:
    patch.setattr(Budgets, "forbid", lambda _self, _key, _labels: "")


def _unhealthy_pods_may_always_go(patch: Patch) -> None:
    forbids = Budgets._forbids

    def lenient(self: Budgets, budget: _Budget, key: PodKey) -> str:
        return forbids(self, budget, key) if key in self._healthy else ""

    patch.setattr(Budgets, "_forbids", lenient)


def _all_rooms_are_empty(patch: Patch) -> None:
    patch.setattr(Present, "short", lambda _self, _demand, _host: "")


@pytest.mark.parametrize(
    ("break_it", "words", "first"),
    [
        (_identities_are_given_up, "runs on", 14),
        (_daemons_are_made_beside_old_ones, "beside", 4),
        (_jobs_run_one_too_many, "run at once", 2),
        (_a_clock_set_back_makes_jobs_again, "a second time", 21),
    ],
)
def test_a_broken_law_of_a_kind_is_noticed(
    monkeypatch: Patch, break_it: Callable[[Patch], None], words: str, first: int
) -> None:
    break_it(monkeypatch)
    # The first is one that notices today, so that this does not take long; any other would do.
    assert any(_failure(seed, words, "every-kind") for seed in (first, *range(60))), "nobody noticed"


@pytest.mark.parametrize(
    ("break_it", "words", "first"),
    [
        (_unreachable_is_empty, "", 7),
        (_a_bad_commit_is_an_empty_one, "is in force", 2),
        (_foreign_pods_are_removed, "not converged", 3),
        (_foreign_pods_are_removed_and_nobody_lints, "not ours", 0),
        (_all_may_be_unavailable, "was taken down", 5),
        (_surge_is_two_more, "allowed", 3),
        (_a_busy_pod_gets_more_to_do, "at once", 1),
        (_a_lost_host_is_given_up, "not converged", 0),
        (_the_last_good_revision_is_forgotten, "not converged", 10),
        (_placements_are_forgotten, "", 17),
        (_main_containers_do_not_wait, "was started before", 1),
        (_readiness_does_not_matter, "was taken down", 8),
    ],
)
def test_a_broken_law_is_noticed(monkeypatch: Patch, break_it: Callable[[Patch], None], words: str, first: int) -> None:
    break_it(monkeypatch)
    assert any(_failure(seed, words) for seed in (first, *range(80))), "nobody noticed"


def test_a_set_that_rolls_all_at_once_is_noticed(monkeypatch: Patch) -> None:
    sets = {"db": Set(replicas=3, image=ONE, parallel=True)}
    world = fleet(declaration(apps={}, kinds=Kinds(sets=sets)))
    _sets_roll_all_at_once(monkeypatch)
    world.push(declaration(apps={}, kinds=Kinds(sets={"db": replace(sets["db"], image=TWO)})))
    with pytest.raises(Violation, match="was taken down"):
        world.settle()


def test_a_budget_that_allows_everything_is_noticed(monkeypatch: Patch) -> None:
    web = {"web": app(4, surge=0, unavailable=1)}
    world = fleet(declaration(apps=web, kinds=Kinds(budgets={"web": 3})))
    _budgets_allow_everything(monkeypatch)
    world.push(declaration(apps=web, kinds=Kinds(budgets={"web": 3}, drained=("h1",))))
    with pytest.raises(Violation, match="was taken down"):
        world.settle()


def _drained_with_a_pod_that_fails(kinds: Kinds) -> Machine:
    """A host that is to be left by one of two pods that both have to be healthy, and of which that one is not."""
    declared = declaration(apps={"web": app(2, surge=0, unavailable=1, probed=True)}, kinds=kinds)
    world = fleet(declared)
    machine = world.machines["h1"]
    machine.failing = {"main": frozenset({"readiness"})}
    world.pass_time(30)
    world.push(replace(declared, kinds=replace(kinds, drained=("h1",))))
    world.pass_time(60)
    return machine


def test_a_pod_that_fails_leaves_a_host_only_if_its_budget_lets_it(monkeypatch: Patch) -> None:
    strict = Kinds(budgets={"web": 2})
    assert _drained_with_a_pod_that_fails(strict).ours(AGENT_NAME) != []
    assert _drained_with_a_pod_that_fails(replace(strict, lenient=("web",))).ours(AGENT_NAME) == []
    _unhealthy_pods_may_always_go(monkeypatch)
    with pytest.raises(Violation, match="fails and is sent off h1: 1 of web are healthy, 2 needed"):
        _drained_with_a_pod_that_fails(strict)


def test_a_host_that_is_promised_to_two_templates_at_once_is_noticed(monkeypatch: Patch) -> None:
    crowds = {"bulk": Crowd(replicas=4, image=ONE, priority="low")}
    full = Kinds(cores=2, crowds=crowds, priorities={"low": -10})
    world = fleet(declaration(apps={}, kinds=full))
    _all_rooms_are_empty(monkeypatch)
    world.push(declaration(apps={}, kinds=replace(full, crowds={"bulk": replace(crowds["bulk"], image=TWO)})))
    with pytest.raises(Violation, match="promises more than its 2 cores"):
        world.settle()


def test_what_somebody_starts_by_hand_was_promised_nothing() -> None:
    full = Kinds(cores=2, crowds={"bulk": Crowd(replicas=4, image=ONE, priority="low")}, priorities={"low": -10})
    world = fleet(declaration(apps={}, kinds=full))
    world.settle()
    machine = world.machines["h1"]
    known = next(iter(machine.containers.values()))
    by_hand = replace(known, id="stranger", config=replace(known.config, name="by-hand", labels={}))
    machine.containers[by_hand.id] = by_hand
    check_capacity(machine, AGENT_NAME, 2)
    machine.containers[by_hand.id] = replace(by_hand, config=replace(by_hand.config, labels=known.config.labels))
    with pytest.raises(Broken, match="promises more than its 2 cores"):
        check_capacity(machine, AGENT_NAME, 2)


def _failure(seed: int, words: str, chaos: Chaos = "plain") -> str:
    """How a run failed, if with these words."""
    try:
        simulate(seed, chaos)
    except Failed as failed:
        return str(failed) if words in str(failed) else ""
    return ""


def test_a_failure_says_how_to_repeat_it(monkeypatch: Patch) -> None:
    _a_lost_host_is_given_up(monkeypatch)
    seed, failure = next((seed, failure) for seed in range(80) if (failure := _failure(seed, "not converged")))
    assert failure.endswith(f"repeat with: python -m agent.simulator {seed}")
    assert "is cut off" in failure, "and what happened"
