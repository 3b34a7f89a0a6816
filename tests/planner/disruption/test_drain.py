"""Draining hosts: pods go elsewhere as budgets allow, and what stays says why."""

import pytest

from agent.model.objects import Deployment
from agent.model.objects.pod import Pod, Toleration
from agent.model.observation import Unseen
from agent.planner.fleet import plan_fleet
from tests.planner.disruption.build import allowed, budget, drain, drained
from tests.planner.fleet.build import World, container, deployment, host, pod

TOLERANT = Toleration(operator="Exists")


def running(world: World, app: str = "web") -> int:
    """Return how many pods of an app are ready, those told to go not among them."""
    told = {key.name for desired in world.plan().desired.values() for key in (one.key for one in desired.leaving)}
    ready = [one for one in world.status(app).pods if one.ready]
    return sum(one.key.name not in told for one in ready)


def test_pods_leave_a_host_that_is_drained_and_nothing_new_comes() -> None:
    world = World(deployment(6), pod("one"))
    world.settle()
    drain(world, "a")
    world.settle()
    assert world.pods()["a"] == []
    assert len(world.names()) == 7
    assert (drained(world, "a").phase, drained(world, "a").reason) == ("Ready", "Drained")
    world.declare(deployment(9), pod("one"))
    world.settle()
    assert world.pods()["a"] == []
    assert world.memory.evicted == {}
    assert plan_fleet(world.given).memory is world.memory


def test_pods_come_back_to_a_host_only_with_new_pods() -> None:
    world = World(deployment(3))
    world.settle()
    drain(world, "a")
    world.settle()
    drain(world)
    assert world.settle() == []
    assert world.pods()["a"] == []


def test_a_budget_holds_at_every_step_of_a_drain() -> None:
    world = World(deployment(6), budget(least=5), hosts=["a", "b"])
    world.settle()
    assert allowed(world) == (1, 6, 5, 6)
    drain(world, "a")
    assert [running(world)] == [5]
    stays = [message for message in world.messages() if message.startswith("drain of a: web-")]
    assert len(stays) == 2
    assert all("stays: budget web allows 0 disruptions now: it needs 5 healthy pods and has 5" in one for one in stays)
    assert (drained(world, "a").phase, drained(world, "a").reason) == ("Progressing", "Draining")
    for _ in range(30):
        assert running(world) >= 5
        if not world.act():
            break
    assert len(world.pods()["b"]) == 6
    assert allowed(world) == (1, 6, 5, 6)


def test_a_rollout_does_not_ask_budgets_and_a_drain_counts_what_it_took() -> None:
    world = World(deployment(4), budget(least=4))
    world.settle()
    drain(world, "a")
    assert world.settle() == []
    world.declare(deployment(4, container("app:2")), budget(least=4))
    world.settle()
    assert world.status().phase == "Ready"
    assert world.pods()["a"] == []


def test_a_pod_under_two_budgets_stays() -> None:
    world = World(deployment(3), budget(least=1), budget("other", least=1, app="web"))
    world.settle()
    drain(world, "a")
    assert world.settle() == []
    [message] = [one for one in world.messages() if one.startswith("drain of a")]
    assert message.endswith("stays: budgets other and web are both about it, which forbids its eviction")
    assert drained(world, "a").phase == "Waiting"


def test_what_fits_nowhere_else_stays_and_says_why() -> None:
    world = World(pod("big", container(cpu="3")), pod("other", container(cpu="3")), hosts=["a", "b"])
    world.settle()
    drain(world, "a")
    assert world.settle() == []
    assert world.messages() == [
        "drain of a: big stays: no other host fits: cpu short by 2000m on b; unschedulable on a"
    ]


def test_a_pod_that_names_its_host_stays_there() -> None:
    world = World(pod("here", node_name="a"))
    world.settle()
    drain(world, "a")
    assert world.settle() == []
    assert world.messages() == ["drain of a: here stays: its nodeName is a"]


def test_what_runs_out_of_sight_stays() -> None:
    world = World(pod("one"))
    world.settle()
    world.lose("a")
    drain(world, "a")
    assert world.settle() == []
    assert isinstance(world.observations["a"], Unseen)
    assert "drain of a: one stays: a is unseen, so that nobody would see it go" in world.messages()


def test_an_unhealthy_pod_may_go_as_its_budget_says() -> None:
    for policy, goes in ((None, False), ("IfHealthyBudget", False), ("AlwaysAllow", True)):
        world = World(deployment(2), budget(least=2, policy=policy), hosts=["a", "b"])
        world.settle()
        [name] = world.pods()["a"]
        world.kill(name)
        drain(world, "a")
        plan = world.plan()
        assert [one.reason for one in plan.desired["a"].leaving] == (["evicted"] if goes else [])


def test_once_sent_away_a_pod_goes_even_if_the_drain_is_taken_back() -> None:
    """Its host may have told it to stop, and nobody can take that back."""
    world = World(deployment(3))
    world.settle()
    [name] = world.pods()["a"]
    drain(world, "a")
    target = world.plan().memory.placements[f"default/{name}"]
    drain(world)
    assert [one.key.name for one in world.plan().desired["a"].leaving] == [name]
    world.settle()
    assert world.host_of(name) == target
    assert world.memory.evicted == {}


def test_a_pod_that_was_only_planned_for_the_host_goes_elsewhere_at_once() -> None:
    world = World(deployment(3), budget(least=3))
    world.plan()
    drain(world, "a")
    world.settle()
    assert world.pods()["a"] == []
    assert len(world.names()) == 3


def test_the_same_drain_after_every_restart_of_the_agent() -> None:
    world = World(deployment(4), budget(most=1))
    world.settle()
    drain(world, "a")
    for _ in range(20):
        before = world.plan().desired
        assert world.plan().desired == before
        if not world.act():
            break
    assert world.pods()["a"] == []


def test_everything_is_drained_when_hosts_are_left_one_after_another() -> None:
    world = World(deployment(4), budget(most="25%"), hosts=[host("a"), host("b"), host("c"), host("d")])
    world.settle()
    for names in ("a", "ab", "abc"):
        drain(world, *names)
        world.settle(rounds=200)
        assert [len(world.pods()[name]) for name in names] == [0] * len(names)
    assert len(world.pods()["d"]) == 4


@pytest.mark.parametrize("body", [pod("one", tolerations=(TOLERANT,)), deployment(1, pod={"tolerations": (TOLERANT,)})])
def test_who_tolerates_everything_is_not_sent_from_one_drained_host_to_another(body: Pod | Deployment) -> None:
    world = World(body, hosts=["a", "b"])
    world.settle()
    drain(world, "a", "b")
    assert world.settle() == []
    assert any("stays: no other host fits: drained on b; it is there on a" in one for one in world.messages())
    world.vanish(world.names()[0])
    world.settle()
    assert world.names() == [], "nor does a new one come"
    drain(world, "b")
    world.settle()
    assert (len(world.pods()["a"]), world.pods()["b"]) == (1, [])
