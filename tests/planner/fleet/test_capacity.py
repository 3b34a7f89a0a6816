"""No host gets more than it has: not in the midst of a rollout either, when pods of two templates are there."""

# ruff: noqa: ANN401 -- the shorthands below pass fields on to typed constructors

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from agent.model.intstr import IntOrString
from agent.model.memory import Memory
from agent.model.objects import Deployment
from agent.model.objects.fleet import AnyObject
from agent.model.objects.pod import Container, ContainerPort, PodTemplate, PodTemplateMeta
from agent.model.objects.statefulset import StatefulSet
from agent.model.observation import Observation, Seen
from agent.model.plan import FleetPlan
from agent.planner.pods import observed_pods
from agent.planner.rehearsal import rehearse
from tests.planner.fleet.build import World, container, deployment, host, pod, rolling
from tests.planner.stateful.build import stateful

SMALL = {"cpu": "2", "memory": "4Gi"}


def app(name: str, replicas: int, cpu: int, image: int = 1, *, port: int = 0, **spec: Any) -> Deployment:
    """Declare a Deployment whose pods say by a label what they ask for."""
    body = deployment(replicas, _container(cpu, image, port), name=name, **spec)
    return replace(body, spec=replace(body.spec, template=_told(body.spec.template, name, cpu, port)))


def peers(name: str, replicas: int, cpu: int, image: int = 1, **spec: Any) -> StatefulSet:
    body = stateful(replicas, _container(cpu, image, 0), name=name, **spec)
    return replace(body, spec=replace(body.spec, template=_told(body.spec.template, name, cpu, 0)))


def _container(cpu: int, image: int, port: int) -> Container:
    ports = (ContainerPort(container_port=80, host_port=port),) if port else ()
    return container(f"app:{image}", cpu=f"{cpu}m", ports=ports)


def _told(template: PodTemplate, name: str, cpu: int, port: int) -> PodTemplate:
    return replace(template, metadata=PodTemplateMeta(labels={"app": name, "cpu": str(cpu), "port": str(port)}))


class Small(World):
    """A world in which every plan is held to what hosts have."""

    def plan(self) -> FleetPlan:
        plan = super().plan()
        for name in self.observations:
            self.check(name, plan)
        return plan

    def check(self, name: str, plan: FleetPlan) -> None:
        observation = self.observations[name]
        if not isinstance(observation, Seen):
            return
        there = {key: one.labels for key, one in observed_pods(observation, "prod").items()}
        starting = {one.key: one.labels for one in plan.desired[name].pods if one.key not in there}
        if not starting:
            return
        every: list[Mapping[str, str]] = [*there.values(), *starting.values()]
        cpu = sum(int(labels.get("cpu", "0")) for labels in every)
        assert cpu <= 2000, f"{cpu}m on {name}, with {sorted(map(str, starting))} to be started"
        ports = Counter(labels["port"] for labels in every if labels.get("port", "0") != "0")
        assert all(count == 1 for count in ports.values()), f"a host port twice on {name}"


def small(*objects: AnyObject, hosts: str = "abc") -> Small:
    world = Small(*objects, hosts=[host(name, allocatable=SMALL) for name in hosts])
    world.settle()
    return world


def test_a_pod_of_an_older_template_takes_its_room_until_it_is_gone() -> None:
    """The new pod would fit beside its own kind; it goes where there is room now."""
    world = small(app("web", 2, 1500, strategy=rolling(1, 0)))
    world.declare(app("web", 2, 1500, image=2, strategy=rolling(1, 0)))
    story = world.settle()
    assert [[(place, verb) for place, verb, _ in steps] for steps in story] == [
        [("c", "create")],
        [("b", "remove")],
        [("b", "create")],
        [("a", "remove")],
    ]
    assert world.status().phase == "Ready"


def test_a_pod_that_goes_takes_its_room_until_it_is_gone() -> None:
    world = small(app("old", 1, 1500), hosts="a")
    world.declare(app("web", 1, 1000))
    assert [(verb, name.split("-")[0]) for _, verb, name in world.act()] == [("remove", "old")]
    assert [(verb, name.split("-")[0]) for _, verb, name in world.act()] == [("create", "web")]


def test_a_pod_waits_for_those_that_go_and_says_so() -> None:
    world = small(app("old", 1, 1500), hosts="a")
    world.declare(app("web", 1, 1000))
    [message] = [one.message for one in world.plan().waiting if one.reason == "predecessor"]
    old = world.names()[0]
    assert message.endswith(f"waits for {old} to be gone from a")
    assert world.status().pods[0].reason == "Delayed"


def test_what_nobody_declares_takes_its_room_as_it_is_seen() -> None:
    world = small(app("old", 1, 1500), hosts="a")
    world.prune = False
    world.declare(app("web", 1, 1000))
    world.before, world.memory = None, Memory()
    assert world.settle() == []
    assert "cpu short by 500m on a" in world.status().message
    world.declare(app("web", 1, 500))
    assert len(world.settle()) == 1


def test_a_finished_pod_takes_no_room() -> None:
    world = small(pod("once", container(cpu="2"), restart_policy="Never"), hosts="a")
    world.kill("once")
    world.declare(*world.objects, app("web", 1, 2000))
    world.settle()
    assert world.status().phase == "Ready"


def test_host_ports_of_older_pods_are_not_to_be_had() -> None:
    world = small(app("web", 2, 100, port=80, strategy=rolling(1, 0)))
    world.declare(app("web", 2, 100, image=2, port=80, strategy=rolling(1, 0)))
    world.settle()
    assert world.status().phase == "Ready"


@pytest.mark.parametrize(("surge", "unavailable"), [(0, 1), (1, 1), (2, 1), (1, 0)])
def test_a_rollout_on_full_hosts_ends_wherever_it_does_in_kubernetes(surge: int, unavailable: int) -> None:
    world = small(app("web", 3, 2000, strategy=rolling(surge, unavailable)))
    world.declare(app("web", 3, 2000, image=2, strategy=rolling(surge, unavailable)))
    world.settle()
    assert world.status().phase == ("Ready" if unavailable else "Waiting")
    assert world.status().available == 3


def test_a_pod_of_a_set_that_grows_beyond_its_host_moves() -> None:
    world = small(peers("db", 1, 500), hosts="ab")
    before = world.host_of("db-0")
    world.declare(peers("db", 1, 500), pod("solo", container(cpu="1500m"), node_name="a"))
    world.settle()
    world.declare(peers("db", 1, 1000), pod("solo", container(cpu="1500m"), node_name="a"))
    world.settle()
    assert (before, world.host_of("db-0")) == ("a", "b")
    assert world.status("db", "StatefulSet").phase == "Ready"


def test_a_pod_of_a_set_stays_with_its_volume_and_waits() -> None:
    solo = pod("solo", container(cpu="1500m"), node_name="a")
    world = Small(
        peers("db", 1, 500, pod={"node_selector": {"disk": "ssd"}}),
        solo,
        hosts=[host("a", labels={"disk": "ssd"}, allocatable=SMALL), host("b", allocatable=SMALL)],
    )
    world.settle()
    world.declare(peers("db", 1, 1000, pod={"node_selector": {"disk": "ssd"}}), solo)
    world.settle()
    status = world.status("db", "StatefulSet")
    assert (status.phase, status.reason) == ("Waiting", "Unschedulable")
    assert "cpu short by 500m on a" in status.message


def test_who_waits_for_room_is_scheduled_nowhere() -> None:
    world = small(app("web", 1, 2000, strategy=rolling(1, 0)), hosts="a")
    world.declare(app("web", 1, 2000, image=2, strategy=rolling(1, 0)))
    [pending, running] = world.status().pods
    assert (pending.host, pending.reason, running.host) == ("", "Unschedulable", "a")
    assert next((one.status, one.reason) for one in pending.conditions if one.type == "PodScheduled") == (
        "False",
        "Unschedulable",
    )


def test_a_plan_that_is_repeated_says_the_same() -> None:
    world = small(app("web", 3, 2000, strategy=rolling(1, 0)))
    world.declare(app("web", 3, 2000, image=2, strategy=rolling(1, 0)))
    first = world.plan()
    assert (world.plan().memory, world.plan().waiting) == (first.memory, first.waiting)


@pytest.mark.parametrize("cpu", [700, 1200, 2000])
def test_a_dry_run_tells_what_is_done_on_full_hosts(cpu: int) -> None:
    world = small(app("web", 3, 1000), peers("db", 2, 700))
    world.declare(app("web", 3, cpu, strategy=rolling(1, 1)), peers("db", 2, 1000))
    rehearsed = rehearse(world.given)
    done = [step for steps in world.settle() for step in steps]
    assert [(one.host, one.action.verb, one.action.pod.name) for one in rehearsed.moves] == done
    assert sorted(one.message for one in rehearsed.waiting) == sorted(world.messages())


COUNTS: st.SearchStrategy[IntOrString] = st.sampled_from([0, 1, 2, "50%"])
CPU = st.sampled_from([300, 700, 1000, 1900])


class Event(NamedTuple):
    what: str
    happen: Callable[["Crowd"], None]

    def __repr__(self) -> str:
        return self.what


class Crowd(Small):
    """Deployments and a StatefulSet on hosts with little room, in which things go wrong."""

    def __init__(self) -> None:
        self.hidden: dict[str, Observation] = {}
        self.mine: dict[str, AnyObject] = {"web": app("web", 2, 700), "db": peers("db", 1, 700)}
        super().__init__(*self.mine.values(), hosts=[host(name, allocatable=SMALL) for name in "abc"])


@st.composite
def _declared(draw: st.DrawFn) -> Event:
    name = draw(st.sampled_from(["web", "api", "db"]))
    replicas, cpu, image = draw(st.integers(0, 4)), draw(CPU), draw(st.integers(1, 2))
    surge, unavailable = draw(COUNTS), draw(COUNTS)
    port = draw(st.sampled_from([0, 0, 80]))

    def happen(stage: Crowd) -> None:
        body = (
            peers(name, replicas, cpu, image)
            if name == "db"
            else app(name, replicas, cpu, image, port=port, strategy=rolling(surge, unavailable))
        )
        stage.mine[name] = body
        stage.declare(*stage.mine.values())

    return Event(f"declare({name} x {replicas}, {cpu}m, {image=}, {surge=}, {unavailable=}, {port=})", happen)


def _act(luck: list[int]) -> Event:
    """Do some of the plan: the whole of an action, a part of it, or nothing, as luck has it."""

    def happen(stage: Crowd) -> None:
        done: set[tuple[str, str]] = set()
        for number, (place, action) in enumerate(stage.actions(stage.plan())):
            fate = luck[number % len(luck)]
            if fate == 0 or any((place, before) not in done for before in action.after):
                continue
            stage.do(place, action, None if fate > 3 else len(action.steps) * fate // 4)
            if fate > 3:
                done.add((place, action.id))
        stage.now += 1

    return Event(f"act({luck})", happen)


def _cut(name: str) -> Event:
    def happen(stage: Crowd) -> None:
        if name not in stage.hidden:
            stage.hidden[name] = stage.lose(name)

    return Event(f"cut({name})", happen)


def _back(name: str) -> Event:
    def happen(stage: Crowd) -> None:
        if name in stage.hidden:
            stage.observations[name] = stage.hidden.pop(name)

    return Event(f"back({name})", happen)


def _wait(seconds: int) -> Event:
    def happen(stage: Crowd) -> None:
        stage.now += seconds

    return Event(f"wait({seconds})", happen)


HOSTS = st.sampled_from("abc")
ACTS = st.lists(st.integers(0, 9), min_size=1, max_size=4).map(_act)
TROUBLE = st.one_of(_declared(), _declared(), ACTS, ACTS, ACTS, HOSTS.map(_cut), HOSTS.map(_back), st.just(_wait(310)))


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(TROUBLE, max_size=25))
def test_no_host_ever_gets_more_than_it_has(trouble: list[Event]) -> None:
    stage = Crowd()
    stage.settle()
    for event in trouble:
        event.happen(stage)
        stage.plan()
    for name in "abc":
        _back(name).happen(stage)
    stage.settle(rounds=200)
    settled = stage.memory
    assert stage.actions(stage.plan()) == []
    assert stage.memory == settled, "nothing more is remembered once nothing happens"
