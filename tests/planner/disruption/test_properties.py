"""Whatever is drained, killed and declared: no host gets too much, budgets hold, only lower pods make room."""

from collections.abc import Callable
from typing import NamedTuple

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from agent.model.desired import HostDesired
from agent.model.objects import Deployment
from agent.model.objects.meta import ObjectKey, PodKey
from agent.model.objects.statefulset import StatefulSet
from agent.model.plan import FleetPlan
from agent.model.podrequests import pod_requests
from agent.planner.pods import observed_pods
from tests.planner.disruption.build import budget, drain, priority
from tests.planner.fleet.build import World, container, deployment, host
from tests.planner.stateful.build import stateful

VALUES = {"high": 1000, "low": -5, None: 0}
LEAST = {"web": 1, "db": 2, "batch": 0}


class Stage(World):
    """Hosts of 4 CPUs, workloads that compete for them (``db`` is a StatefulSet), and budgets for two of them."""

    def __init__(self) -> None:
        self.apps: dict[str, Deployment | StatefulSet] = {}
        self.values: dict[str, set[int]] = {}
        super().__init__(hosts=[host(name, allocatable={"cpu": "4"}) for name in "abcd"])
        self.put("web", 3, "1", None)

    def put(self, name: str, replicas: int, cpu: str, of: str | None) -> None:
        """Declare an app anew, with as many pods of a priority as asked."""
        # A pod of a StatefulSet keeps its host from template to template, whatever that asks for.
        make, app = (stateful, container(cpu="1")) if name == "db" else (deployment, container(cpu=cpu))
        self.apps[name] = make(replicas, app, name=name, pod={"priority_class_name": of})
        self.values.setdefault(name, set()).add(VALUES[of])
        budgets = [budget(app, least=least) for app, least in LEAST.items() if least]
        self.declare(*self.apps.values(), *budgets, priority("high", 1000), priority("low", -5))

    def check(self) -> FleetPlan:
        """Plan, and hold the plan to what it promises."""
        healthy, before = self.healthy(), self.memory.evicted
        plan = self.plan()
        for name, desired in plan.desired.items():
            asked = sum(pod_requests(one.spec).get("cpu", 0) for one in desired.pods)
            assert asked <= 4000 or self.rolls(plan), f"{name} gets too much"
            for one in desired.leaving:
                if one.reason == "preempted" and str(one.key) not in before:
                    self.lower(plan, one.key)
        evicted = {key for desired in plan.desired.values() for key in _evicted(desired)}
        for app, least in LEAST.items():
            fine = {key for key in healthy if key.name.startswith(f"{app}-")}
            if fine & evicted:
                assert len(fine - evicted) >= least, f"the budget of {app} does not hold"
        return plan

    def rolls(self, plan: FleetPlan) -> bool:
        """Tell whether pods of several templates share the hosts for now: the older ones make room for the newer."""
        specs: dict[ObjectKey, set[str]] = {}
        for desired in plan.desired.values():
            for one in desired.pods:
                specs.setdefault(one.owner, set()).add(str(one.spec))
        return any(len(found) > 1 for found in specs.values()) or any(one.kept for one in plan.desired.values())

    def healthy(self) -> set[PodKey]:
        """Return the pods that are ready, and were not told to go."""
        told = {*self.memory.leaving, *self.memory.evicted}
        found = set()
        for name in self.observations:
            for key, pod in observed_pods(self.seen(name), "prod").items():
                if str(key) not in told and pod.containers and pod.ready(list(pod.containers)):
                    found.add(key)
        return found

    def lower(self, plan: FleetPlan, victim: PodKey) -> None:
        record = plan.memory.evicted[str(victim)]
        by = record.by.partition("/")[2].partition("-")[0]
        of = victim.name.partition("-")[0]
        # Pods of a template from before may come and go for a while, with the priority of that time.
        assert min(self.values[of]) < max(self.values[by]), f"{victim} makes room for {record.by}"


def _evicted(desired: HostDesired) -> list[PodKey]:
    return [one.key for one in desired.leaving if one.reason == "evicted"]


class Event(NamedTuple):
    what: str
    happen: Callable[[Stage], None]

    def __repr__(self) -> str:
        return self.what


def _put(name: str, replicas: int, cpu: str, of: str | None) -> Event:
    return Event(f"put({name}, {replicas}, {cpu}, {of})", lambda stage: stage.put(name, replicas, cpu, of))


def _drain(names: frozenset[str]) -> Event:
    return Event(f"drain({sorted(names)})", lambda stage: drain(stage, *names))


def _act(luck: list[bool]) -> Event:
    def happen(stage: Stage) -> None:
        plan = stage.check()
        done: set[tuple[str, str]] = set()
        for number, (name, action) in enumerate(stage.actions(plan)):
            if luck[number % len(luck)] and all((name, before) in done for before in action.after):
                stage.do(name, action)
                done.add((name, action.id))
        stage.now += 1

    return Event(f"act({luck})", happen)


def _kill(number: int) -> Event:
    def happen(stage: Stage) -> None:
        if names := stage.names():
            stage.kill(names[number % len(names)])

    return Event(f"kill({number})", happen)


TROUBLE = st.one_of(
    st.builds(
        _put,
        st.sampled_from(sorted(LEAST)),
        st.integers(0, 5),
        st.sampled_from(["500m", "1", "3"]),
        st.sampled_from(["high", "low", None]),
    ),
    st.frozensets(st.sampled_from("abcd"), max_size=3).map(_drain),
    st.lists(st.booleans(), min_size=1, max_size=4).map(_act),
    st.lists(st.booleans(), min_size=1, max_size=4).map(_act),
    st.integers(0, 20).map(_kill),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(TROUBLE, max_size=15))
@example(
    [_put("web", 2, "3", "high"), _drain(frozenset("a")), _put("db", 4, "1", "high"), _put("batch", 5, "500m", "low")]
)
def test_promises_hold_and_plans_settle(trouble: list[Event]) -> None:
    stage = Stage()
    stage.settle()
    for event in trouble:
        event.happen(stage)
        stage.check()
    stage.settle(rounds=200)
    memory = stage.memory
    assert stage.actions(stage.check()) == [], "the next plan is empty"
    assert stage.memory is memory
    assert stage.memory.evicted == {}
    for name in stage.fleet.objects:
        if name.kind == "Host" and stage.status(name.name, "Host").reason == "Draining":
            assert stage.pods()[name.name], "a host that is drained has nothing left to go"
