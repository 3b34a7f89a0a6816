"""The few moves that help, and how the agent carries them out."""

from msgspec.structs import replace

from agent.model.objects.pod import Affinity, PodAffinity, PodTerm, SpreadConstraint
from agent.model.objects.selector import LabelSelector
from agent.model.observation import Seen
from agent.planner.disruption.rebalance import Move, rebalance
from agent.planner.fleet import plan_fleet
from tests.planner.disruption.build import budget
from tests.planner.fleet.build import FACTS, World, container, deployment, host, pod

HOSTNAME = "kubernetes.io/hostname"
WEB = LabelSelector(match_labels={"app": "web"})


def moves(world: World, most: int = 10) -> tuple[Move, ...]:
    return rebalance(world.given, plan_fleet(world.given), most=most)


def join(world: World, name: str) -> None:
    """Let a host join the fleet."""
    world.hosts.append(host(name))
    world.observations[name] = Seen(at=0.0, facts=FACTS)
    world.declare(*world.objects)


def carry_out(world: World, found: tuple[Move, ...]) -> None:
    asked = {str(one.pod): one.host for one in found}
    world.memory = replace(world.memory, asked=asked)
    world.settle(rounds=200)


def test_an_even_fleet_is_left_alone() -> None:
    world = World(deployment(6))
    world.settle()
    assert moves(world) == ()


def test_a_new_host_takes_some_of_the_load_and_then_it_is_enough() -> None:
    world = World(deployment(6, container(cpu="1")), hosts=["a", "b"])
    world.settle()
    join(world, "c")
    found = moves(world)
    assert [one.target for one in found] == ["c", "c"]
    assert {one.host for one in found} == {"a", "b"}
    carry_out(world, found)
    assert [len(one) for one in world.pods().values()] == [2, 2, 2]
    assert moves(world) == ()
    assert (world.memory.asked, world.memory.evicted) == ({}, {})


def test_a_host_that_carries_much_is_relieved() -> None:
    world = World(*(pod(f"one-{number}", container(cpu="1")) for number in range(4)), hosts=["a", "b"])
    world.settle()
    join(world, "c")
    found = moves(world)
    assert [(one.host, one.target, one.why) for one in found] == [("a", "c", "a carries 27%, c 14% with it")]
    carry_out(world, found)
    assert [len(one) for one in world.pods().values()] == [1, 2, 1]
    assert moves(world) == ()


def test_pods_of_a_workload_that_crowd_hosts_are_spread_over_more() -> None:
    world = World(deployment(4), hosts=["a", "b"])
    world.settle()
    join(world, "c")
    [move] = moves(world)
    assert (move.host, move.target, move.why) == ("a", "c", "2 pods of web on a, 0 on c")
    carry_out(world, (move,))
    assert moves(world) == ()


def test_only_as_many_as_asked_for() -> None:
    world = World(deployment(8, container(cpu="1")), hosts=["a", "b"])
    world.settle()
    join(world, "c")
    assert len(moves(world, most=1)) == 1


def test_a_budget_holds_while_pods_are_moved() -> None:
    world = World(deployment(6, container(cpu="1")), budget(least=6), hosts=["a", "b"])
    world.settle()
    join(world, "c")
    found = moves(world)
    carry_out(world, found)
    assert world.pods()["c"] == []
    stays = [one for one in world.messages() if one.startswith("rebalance: web-")]
    assert len(stays) == 2
    assert all("budget web allows 0 disruptions now" in one for one in stays)
    world.declare(deployment(6, container(cpu="1")), budget(least=5))
    world.settle(rounds=200)
    assert len(world.pods()["c"]) == 2
    assert world.memory.asked == {}


def test_what_is_asked_of_a_pod_that_is_gone_is_forgotten() -> None:
    world = World(pod("one"))
    world.settle()
    world.memory = replace(world.memory, asked={"default/one": "b", "default/nobody": "a"})
    assert world.settle() == []
    assert world.memory.asked == {}


def test_pods_that_must_not_be_together_any_more_are_taken_apart() -> None:
    term = PodTerm(label_selector=WEB, topology_key="rack")
    apart = Affinity(pod_anti_affinity=PodAffinity(required_during_scheduling_ignored_during_execution=(term,)))
    racks = {"a": "1", "b": "2", "c": "3"}
    world = World(deployment(2, pod={"affinity": apart}), hosts=[])
    world.hosts = [host(name, labels={"rack": rack}) for name, rack in racks.items()]
    world.observations = {name: Seen(at=0.0, facts=FACTS) for name in racks}
    world.declare(*world.objects)
    world.settle()
    world.hosts = [host(name, labels={"rack": "3" if name == "c" else "1"}) for name in racks]
    world.declare(*world.objects)
    [move] = moves(world)
    assert (move.target, move.why) == ("c", f"pod anti-affinity on {move.host}")


def test_a_spread_that_is_uneven_is_made_even() -> None:
    spread = SpreadConstraint(max_skew=1, topology_key=HOSTNAME, when_unsatisfiable="DoNotSchedule", label_selector=WEB)
    world = World(deployment(4, pod={"topology_spread_constraints": (spread,)}), hosts=["a", "b"])
    world.settle()
    join(world, "c")
    [move] = moves(world)
    assert (move.target, move.why) == ("c", "topology spread over kubernetes.io/hostname on a")


def test_what_belongs_to_a_host_is_not_moved() -> None:
    world = World(*(pod(f"one-{number}", container(cpu="1"), node_name="a") for number in range(3)))
    world.settle()
    assert moves(world) == ()
    cordoned = World(deployment(3))
    cordoned.settle()
    cordoned.hosts[0] = host("a", unschedulable=True)
    cordoned.declare(*cordoned.objects)
    assert moves(cordoned) == ()


def test_a_full_host_of_which_nothing_can_be_moved_does_not_hide_the_next() -> None:
    stuck = [pod(f"a-stuck-{number}", container(cpu="1"), node_name="a") for number in range(4)]
    world = World(*stuck, *(pod(f"one-{number}", container(cpu="1")) for number in range(4)), hosts=["a", "b"])
    world.settle()
    join(world, "c")
    assert {(one.host, one.target) for one in moves(world)} == {("b", "c")}
    assert len(moves(world)) == 2
