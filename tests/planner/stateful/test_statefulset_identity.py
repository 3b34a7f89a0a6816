"""Never two pods of one name: with hosts out of sight, off for good, and back; with an agent that forgot or died."""

from msgspec.structs import replace

from agent.model.memory import Memory
from agent.model.objects.host import Taint
from tests.planner.fleet.build import World, container, host
from tests.planner.stateful.build import images, of, stateful, verbs
from tests.planner.storage.build import local_class

OFF = Taint(key="node.kubernetes.io/out-of-service", value="nodeshutdown", effect="NoExecute")


def taint(world: World, name: str, *taints: Taint) -> None:
    """Put a host's taints into the source."""
    world.hosts = [host(name, taints=taints) if one.metadata.name == name else one for one in world.hosts]
    world.declare(*world.objects)


def test_the_place_of_a_pod_on_an_unseen_host_stays_taken() -> None:
    world = World(stateful(3))
    world.settle()
    place = world.host_of("db-1")
    world.lose(place)
    world.now += 10_000
    assert world.settle() == []
    status = of(world)
    assert (status.phase, status.reason) == ("Waiting", "HostUnseen")
    assert f"`trimtab host forget {place}`" in status.message


def test_the_same_with_an_agent_that_starts_while_the_host_is_out_of_sight() -> None:
    world = World(stateful(3))
    world.settle()
    world.lose(world.host_of("db-1"), forget=True)
    assert world.settle() == []
    assert of(world).phase == "Waiting"


def test_an_unseen_pod_holds_up_the_update_and_what_comes_after_it() -> None:
    world = World(stateful(2))
    world.settle()
    before = world.lose(world.host_of("db-0"))
    world.declare(stateful(3, container("app:2")))
    assert world.settle() == []
    world.observations[world.host_of("db-0")] = before
    world.settle()
    assert images(world) == {"db-0": "app:2", "db-1": "app:2", "db-2": "app:2"}


def test_a_host_that_leaves_the_source_gives_its_pods_up() -> None:
    world = World(stateful(3))
    world.settle()
    place = world.host_of("db-1")
    world.lose(place)
    world.hosts = [one for one in world.hosts if one.metadata.name != place]
    del world.observations[place]
    world.declare(*world.objects)
    assert verbs(world.settle()) == [("create", "db-1")]


def test_a_host_that_is_off_for_good_gives_its_pods_up_and_takes_none_of_them_back() -> None:
    world = World(stateful(3))
    world.settle()
    place = world.host_of("db-1")
    before = world.lose(place)
    taint(world, place, OFF)
    assert verbs(world.settle()) == [("create", "db-1")]
    assert of(world).phase == "Ready"
    taint(world, place)
    world.lose(place, forget=True)
    assert world.settle() == []
    # It was not off after all: both copies run, until this is seen.
    world.observations[place] = before
    assert verbs(world.settle()) == [("remove", "db-1")]
    assert world.names() == ["db-0", "db-1", "db-2"]


def test_two_hosts_that_are_off_one_after_the_other_both_give_a_pod_up() -> None:
    world = World(stateful(1))
    world.settle()
    for _ in range(2):
        place = world.memory.placements["default/db-0"]
        world.lose(place, forget=True)
        taint(world, place, OFF)
        world.plan()  # meant for a second host, and nobody saw whether it got there before that was off as well
    world.settle()
    assert world.pods() == {"c": ["db-0"]}


def test_a_pod_does_not_leave_its_data_on_a_host_that_is_off() -> None:
    world = World(stateful(2, claims=["data"]), local_class())
    world.settle()
    place = world.host_of("db-1")
    world.lose(place)
    taint(world, place, OFF)
    assert world.settle() == []
    assert f"volume of claim data-db-1 is on {place}" in " ".join(world.messages())


def test_a_pod_that_moves_starts_when_it_is_gone_from_where_it_was() -> None:
    world = World(stateful(1), hosts=["a", "b"])
    world.settle()
    place = world.host_of("db-0")
    taint(world, place, Taint(key="broken", effect="NoExecute"))
    assert world.act() == [(place, "remove", "db-0")]
    assert verbs(world.settle()) == [("create", "db-0")]
    assert world.host_of("db-0") != place


def test_a_pod_on_its_way_is_not_started_by_an_agent_that_lost_sight_of_where_it_was() -> None:
    world = World(stateful(1), hosts=["a", "b"])
    world.settle()
    place = world.host_of("db-0")
    taint(world, place, Taint(key="broken", effect="NoExecute"))
    world.plan()
    world.lose(place, forget=True)
    assert world.settle() == []


def test_an_updated_pod_goes_where_its_new_template_may_be() -> None:
    hosts = [host("a", labels={"disk": "old"}), host("b", labels={"disk": "new"})]
    world = World(stateful(1, pod={"node_selector": {"disk": "old"}}), hosts=hosts)
    world.settle()
    world.declare(stateful(1, pod={"node_selector": {"disk": "new"}}))
    world.settle()
    assert world.pods() == {"a": [], "b": ["db-0"]}


def test_a_pod_that_is_sent_away_is_so_for_an_agent_that_comes_later() -> None:
    world = World(stateful(2))
    world.settle()
    world.declare(stateful(2, container("app:2")))
    world.plan()
    world.declare(stateful(2, container("app:1")))
    assert verbs(world.settle()) == [("remove", "db-1"), ("create", "db-1")]


def test_a_set_that_was_removed_while_nobody_saw_its_host_is_not_begun_twice() -> None:
    world = World(stateful(3))
    world.settle()
    place = world.host_of("db-1")
    before = world.lose(place)
    world.declare()
    world.settle()
    world.lose(place, forget=True)
    world.declare(stateful(3))
    world.settle()
    assert "db-1" not in world.names()
    world.observations[place] = before
    assert ("remove", "db-1") in verbs(world.settle())
    assert world.names() == ["db-0", "db-1", "db-2"]


def test_losing_the_memory_moves_nothing() -> None:
    world = World(stateful(3))
    world.settle()
    world.memory = Memory()
    assert world.settle() == []
    assert replace(world.memory, unlooked=None).placements


def test_a_pod_by_hand_of_another_sort_keeps_its_name() -> None:
    world = World(stateful(2), stateful(1, name="db-1"))
    world.settle()
    assert world.names() == ["db-0", "db-1", "db-1-0"]


def test_a_pod_that_may_have_been_made_just_before_its_host_was_cut_off_is_there_once() -> None:
    world = World(stateful(1), hosts=["a", "b"])
    world.plan()
    [place] = {world.memory.placements["default/db-0"]}
    world.lose(place)
    world.hosts = [host(place, drain=True), *(one for one in world.hosts if one.metadata.name != place)]
    world.declare(*world.objects)
    assert world.settle() == []
    assert "may still run" in of(world).message
