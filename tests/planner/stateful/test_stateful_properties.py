"""Whatever happens, in whatever order: one identity once, in order, within bounds; and once it stops, as declared."""

from collections import Counter

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.model.desired import HostDesired
from agent.model.memory import Memory
from agent.model.objects.host import Taint
from agent.model.objects.statefulset import StatefulSet
from agent.model.observation import Observation, RuntimeFacts, Seen, last_known
from agent.model.plan import FleetPlan
from agent.planner.pods import observed_pods
from tests.planner import trouble
from tests.planner.fleet.build import container, host
from tests.planner.stateful.build import daemon, daemon_rolling, rolling, stateful
from tests.planner.trouble import ACTS, BACKS, CUTS, HITS, HOSTS, Event, back, wait

OFF = Taint(key="node.kubernetes.io/out-of-service", effect="NoExecute")


class Stage(trouble.Stage):
    """A world with a StatefulSet and a DaemonSet, in which hosts really run what they were told, seen or not."""

    def __init__(self) -> None:
        self.db: StatefulSet = stateful(3)
        self.log = daemon()
        self.surge = 0
        super().__init__(self.db, self.log)

    def really(self) -> dict[str, list[str]]:
        """Return the pods that each host runs, whether or not anybody can see it."""
        found = {}
        for one in self.hosts:
            name = one.metadata.name
            seen = last_known(self.hidden.get(name, self.observations[name]))
            found[name] = [key.name for key in observed_pods(seen, "prod")] if seen is not None else []
        return found

    def check(self) -> FleetPlan:
        """Plan, and hold the plan to what it promises."""
        before = self.really()
        plan = self.plan()
        running = Counter(name for pods in before.values() for name in pods if name.startswith("db-"))
        for place, desired in plan.desired.items():
            for key in _wanted(desired):
                if key.startswith("db-") and key not in before[place]:
                    assert not running[key], f"{key} is to be made on {place} while it runs elsewhere"
        asked = Counter(name for desired in plan.desired.values() for name in _staying(desired))
        assert all(number == 1 for number in asked.values()), "a pod is wanted twice"
        for place, desired in plan.desired.items():
            daemons = {name for name in (*before[place], *_wanted(desired)) if name.startswith("log-")}
            fresh = set(_wanted(desired)) - set(before[place])
            if fresh & daemons and isinstance(self.observations[place], Seen):
                assert len(daemons) <= 1 + bool(self.surge), "a host has more daemon pods than it may"
        self.check_order(plan)
        return plan

    def check_order(self, plan: FleetPlan) -> None:
        """In order, no pod comes before those below it are there and ready."""
        if self.db.spec.pod_management_policy == "Parallel":
            return
        there = [name for pods in self.really().values() for name in pods]
        made = sorted(
            int(name.rpartition("-")[2])
            for place, desired in plan.desired.items()
            for name in _wanted(desired)
            if name.startswith("db-") and name not in there and isinstance(self.observations[place], Seen)
        )
        assert len(made) <= 1
        if made:
            names = {f"db-{number}" for number in range(made[0])}
            unready = names - self.ready_pods()
            assert not unready, f"db-{made[0]} is made before {unready} are ready"

    def ready_pods(self) -> set[str]:
        return {
            key.name
            for observation in self.observations.values()
            if isinstance(observation, Seen)
            for key, pod in observed_pods(observation, "prod").items()
            if pod.ready_since(["app"]) is not None
        }


def _wanted(desired: HostDesired) -> list[str]:
    return [one.key.name for one in desired.pods]


def _staying(desired: HostDesired) -> list[str]:
    return [*_wanted(desired), *(one.key.name for one in desired.kept)]


@st.composite
def _declared(draw: st.DrawFn) -> Event:
    replicas, image, partition = draw(st.integers(0, 4)), draw(st.integers(1, 3)), draw(st.sampled_from([0, 0, 0, 2]))
    unavailable, parallel = draw(st.sampled_from([1, 2])), draw(st.booleans())
    surge, agent = draw(st.integers(0, 1)), draw(st.integers(1, 3))

    def happen(stage: Stage) -> None:
        stage.db = stateful(
            replicas,
            container(f"app:{image}"),
            pod_management_policy="Parallel" if parallel else "OrderedReady",
            update_strategy=rolling(partition, unavailable),
        )
        stage.surge = surge
        stage.log = daemon(container(f"log:{agent}"), update_strategy=daemon_rolling(1 - surge, surge))
        stage.declare(stage.db, stage.log)

    what = f"{replicas} replicas, image {image}, {partition=}, {unavailable=}, {parallel=}, {surge=}, agent {agent}"
    return Event(f"declare({what})", happen)


def _set_up(name: str, how: str) -> Event:
    """Taint a host, drain it, or let it be as all others."""

    def happen(stage: Stage) -> None:
        taints = (Taint(key="broken", effect="NoExecute"),) if how == "taint" else ()
        changed = host(name, taints=taints, drain=how == "drain")
        stage.hosts = [changed if one.metadata.name == name else one for one in stage.hosts]
        stage.declare(stage.db, stage.log)

    return Event(f"set_up({name}, {how})", happen)


def _off(name: str) -> Event:
    """Really take a host off, say so, and bring it back empty."""

    def happen(stage: Stage) -> None:
        if name not in stage.hidden:
            return
        stage.hidden[name] = Seen(at=stage.now, facts=_facts(stage.hidden[name]))
        for taints in ((OFF,), ()):
            stage.hosts = [host(name, taints=taints) if one.metadata.name == name else one for one in stage.hosts]
            stage.declare(stage.db, stage.log)
            stage.check()
        back(name).happen(stage)

    return Event(f"off({name})", happen)


def _facts(observation: Observation) -> RuntimeFacts:
    seen = last_known(observation)
    assert seen is not None
    return seen.facts


def _forget(stage: Stage) -> None:
    """Lose the memory, as long as every host can be seen: what is out of sight is then not known any more."""
    if not stage.hidden:
        stage.memory = Memory()


TROUBLE = st.one_of(
    _declared(),
    ACTS,
    ACTS,
    ACTS,
    HITS,
    CUTS,
    BACKS,
    HOSTS.map(_off),
    st.builds(_set_up, HOSTS, st.sampled_from(["taint", "drain", "plain"])),
    st.sampled_from([1, 5, 600]).map(wait),
    st.just(Event("forget", _forget)),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(TROUBLE, max_size=25))
def test_one_identity_once_and_the_fleet_converges(trouble: list[Event]) -> None:
    stage = Stage()
    stage.settle()
    for event in trouble:
        event.happen(stage)
        stage.check()
    for name in "abc":
        back(name).happen(stage)
        _set_up(name, "plain").happen(stage)
    stage.settle(rounds=200)
    assert stage.actions(stage.check()) == [], "the next plan is empty"
    assert stage.plan().memory == stage.memory
    assert sorted(name for name in stage.names() if name.startswith("db-")) == [
        f"db-{number}" for number in range(stage.db.spec.replicas)
    ]
    assert [sum(name.startswith("log-") for name in pods) for pods in stage.pods().values()] == [1, 1, 1]
    assert [one.phase for one in stage.plan().statuses] == ["Ready"] * len(stage.fleet.objects)
    assert stage.memory.leaving == {}
