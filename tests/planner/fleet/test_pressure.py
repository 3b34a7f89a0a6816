"""Hosts that are short of something: whom they let go is made elsewhere, and nobody new comes."""

from msgspec.structs import replace

from agent.model.objects.pod import Toleration
from agent.model.strain import CALM, Strain
from tests.planner.fleet.build import World, deployment, pod, slots
from tests.planner.pressure import victim
from tests.planner.stateful.build import daemon

SHORT = Strain(shortages=("DiskPressure",))


def strain(world: World, host: str, what: Strain) -> None:
    world.observations[host] = replace(world.seen(host), strain=what)


def test_the_victim_is_made_elsewhere_and_the_others_stay() -> None:
    world = World(deployment(4), hosts=["a", "b"])
    world.settle()
    before = world.pods()
    gone = before["a"][0]
    strain(world, "a", replace(SHORT, victims=(victim(gone, world.seen("a")),)))
    assert world.settle() == [[("a", "remove", gone)], [("b", "create", gone)]]
    assert world.pods() == {"a": before["a"][1:], "b": sorted([*before["b"], gone])}


def test_new_pods_go_to_other_hosts_or_wait() -> None:
    world = World(hosts=["a", "b"])
    strain(world, "a", SHORT)
    world.declare(deployment(4))
    world.settle()
    assert (world.pods()["a"], slots(world.pods()["b"])) == ([], ["web-0", "web-1", "web-2", "web-3"])
    strain(world, "b", replace(SHORT, shortages=("MemoryPressure",)))
    world.declare(deployment(4), pod("late"))
    assert world.settle() == []
    [told] = world.messages()
    assert "taint node.kubernetes.io/disk-pressure:NoSchedule" in told
    assert "taint node.kubernetes.io/memory-pressure:NoSchedule" in told
    strain(world, "a", CALM)
    assert world.settle() == [[("a", "create", "late")]]


def test_a_pod_that_tolerates_the_taint_is_placed_there_and_made_once_it_is_over() -> None:
    bears = Toleration(key="node.kubernetes.io/disk-pressure", operator="Exists", effect="NoSchedule")
    world = World(hosts=["a"])
    strain(world, "a", SHORT)
    world.declare(pod("one", tolerations=(bears,)))
    assert world.settle() == []
    strain(world, "a", CALM)
    assert world.settle() == [[("a", "create", "one")]]


def test_a_daemon_that_gave_way_waits_for_its_own_host() -> None:
    world = World(daemon(), hosts=["a", "b"])
    world.settle()
    [gone] = world.pods()["a"]
    strain(world, "a", replace(SHORT, victims=(victim(gone, world.seen("a")),)))
    assert world.settle() == [[("a", "remove", gone)]]
    strain(world, "a", CALM)
    [[(place, verb, _)]] = world.settle()
    assert (place, verb) == ("a", "create")
