"""Whatever happens, in whatever order: bounds hold at every step, and once it stops, the fleet is as declared."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.model.desired import HostDesired
from agent.model.intstr import IntOrString
from agent.model.memory import Memory
from agent.model.objects import Deployment
from agent.model.objects.meta import PodKey
from agent.model.objects.pod import ConfigRef, EnvFromSource
from agent.model.observation import Seen, last_known
from agent.model.plan import FleetPlan
from agent.planner.pods import observed_pods
from agent.planner.workloads.deployment import bounds
from tests.planner import trouble
from tests.planner.fleet.build import RECREATE, config_map, container, deployment, pod, rolling
from tests.planner.trouble import ACTS, BACKS, CUTS, HITS, Event, back, wait

READS = EnvFromSource(config_map_ref=ConfigRef(name="settings"))
COUNTS: st.SearchStrategy[IntOrString] = st.sampled_from([0, 1, 2, "25%", "50%"])


class Stage(trouble.Stage):
    """A world with a Deployment, a Pod and a ConfigMap."""

    def __init__(self) -> None:
        self.web: Deployment = deployment(3)
        super().__init__(self.web, pod("one"), config_map(MODE="1"))

    def check(self) -> FleetPlan:
        """Plan, and hold the plan to what it promises."""
        spec, limits = self.web.spec, bounds(self.web.spec)
        leaving_before = self.memory.leaving
        plan = self.plan()
        wanted = [key for desired in plan.desired.values() for key in _staying(desired)]
        assert len(wanted) == len(set(wanted)), "a pod is wanted twice"
        mine = [key for key in wanted if key.name.startswith("web-")]
        assert len(mine) <= spec.replicas + limits.surge, "more pods than the surge allows"
        self.check_surge(plan, spec.replicas + limits.surge)
        before, after = set(), set()
        for name, desired in plan.desired.items():
            staying = set(_staying(desired))
            observation = self.observations[name]
            known = last_known(observation)
            mentioned = staying | {one.key for one in desired.leaving}
            if not isinstance(observation, Seen):
                continue
            assert mentioned.issuperset(observed_pods(known, "prod") if known else ())
            for key, found in observed_pods(observation, "prod").items():
                since = found.ready_since(list(found.containers)) if found.containers else None
                going = not key.name.startswith("web-") or f"default/{key.name}" in leaving_before
                if not going and since is not None and since + spec.min_ready_seconds <= self.now:
                    before.add(key)
                    after |= {key} & staying
        if spec.strategy.type == "RollingUpdate" and not spec.paused:
            assert len(after) >= min(len(before), spec.replicas - limits.unavailable), (
                "fewer available pods than promised"
            )
        return plan

    def check_surge(self, plan: FleetPlan, most: int) -> None:
        """Count what may be made beside what runs, told to go or not; of that only what is unseen is not waited for."""
        made, beside = set[PodKey](), set[PodKey]()
        for name, observation in self.observations.items():
            if (look := last_known(observation)) is None:
                continue  # what memory places there counts as being there
            there = {key for key in observed_pods(look, "prod") if key.name.startswith("web-")}
            wanted = {key for key in _staying(plan.desired[name]) if key.name.startswith("web-")}
            made |= wanted - there
            beside |= wanted | there if isinstance(observation, Seen) else wanted
        assert not made or len(beside) <= most, "a pod may be made beside too many others"


def _staying(desired: HostDesired) -> list[PodKey]:
    return [*(one.key for one in desired.pods), *(one.key for one in desired.kept)]


@st.composite
def _declared(draw: st.DrawFn) -> Event:
    surge, unavailable = draw(COUNTS), draw(COUNTS)
    recreate = draw(st.integers(0, 5)) == 5
    image, mode = draw(st.integers(1, 3)), draw(st.sampled_from("12"))
    replicas = draw(st.integers(0, 6))
    fields: dict[str, Any] = {
        "min_ready_seconds": draw(st.sampled_from([0, 0, 5])),
        "paused": draw(st.integers(0, 9)) == 9,
    }
    strategy = RECREATE if recreate else rolling(surge, unavailable)
    what = "Recreate" if recreate else f"surge {surge}, unavailable {unavailable}"

    def happen(stage: Stage) -> None:
        app = container(f"app:{image}", env_from=(READS,))
        stage.web = deployment(replicas, app, strategy=strategy, **fields)
        stage.declare(stage.web, pod("one"), config_map(MODE=mode))

    return Event(f"declare({replicas} replicas, image {image}, mode {mode}, {what}, {fields})", happen)


def _forget(stage: Stage) -> None:
    stage.memory = Memory()


TROUBLE = st.one_of(
    _declared(),
    ACTS,
    ACTS,
    ACTS,
    HITS,
    CUTS,
    BACKS,
    st.sampled_from([1, 5, 60, 290, 900]).map(wait),
    st.just(Event("forget", _forget)),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(TROUBLE, max_size=25))
def test_bounds_hold_and_the_fleet_converges(trouble: list[Event]) -> None:
    stage = Stage()
    stage.settle()
    for event in trouble:
        event.happen(stage)
        stage.check()
    if len(stage.hidden) < 3:
        stage.settle(rounds=200)
        stage.now += 301
        stage.settle(rounds=200)
        assert stage.actions(stage.check()) == [], "the next plan is empty with hosts lost, too"
        if not stage.web.spec.paused:
            assert stage.status().phase == "Ready", "whole without what is lost"
    for host in "abc":
        back(host).happen(stage)
    stage.settle(rounds=200)
    assert stage.actions(stage.check()) == [], "the next plan is empty"
    assert stage.plan().wake_at is None
    if not stage.web.spec.paused:
        assert len(stage.names()) == stage.web.spec.replicas + 1
        assert [one.phase for one in stage.plan().statuses] == ["Ready"] * len(stage.fleet.objects)
        assert stage.memory.leaving == {}
        assert len(stage.memory.placements) == stage.web.spec.replicas + 1
