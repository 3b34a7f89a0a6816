"""Hosts that are to be emptied: pods with an identity leave one by one as they are, daemon pods stay."""

from tests.planner.fleet.build import World, container, host
from tests.planner.stateful.build import daemon, images, of, rolling, stateful, verbs


def drain(world: World, name: str) -> None:
    world.hosts = [host(name, drain=True) if one.metadata.name == name else one for one in world.hosts]
    world.declare(*world.objects)


def test_a_pod_leaves_a_drained_host_and_is_made_anew_elsewhere_once_it_is_gone() -> None:
    world = World(stateful(3))
    world.settle()
    place = world.host_of("db-1")
    drain(world, place)
    assert verbs(world.settle()) == [("remove", "db-1"), ("create", "db-1")]
    assert world.host_of("db-1") != place
    assert of(world).phase == "Ready"
    assert world.plan().memory == world.memory


def test_a_pod_of_an_older_template_leaves_as_what_it_is() -> None:
    world = World(stateful(3))
    world.settle()
    world.declare(stateful(3, container("app:2"), update_strategy=rolling(partition=2)))
    world.settle()
    place = world.host_of("db-0")
    drain(world, place)
    world.settle()
    assert world.host_of("db-0") != place
    assert images(world) == {"db-0": "app:1", "db-1": "app:1", "db-2": "app:2"}
    assert of(world).phase == "Ready"


def test_an_agent_that_cannot_see_the_drained_host_any_more_makes_no_second_one() -> None:
    world = World(stateful(3))
    world.settle()
    place = world.host_of("db-1")
    drain(world, place)
    world.plan()
    world.lose(place, forget=True)
    assert world.settle() == []


def test_daemon_pods_stay_on_a_drained_host_and_are_updated_there() -> None:
    world = World(daemon(), hosts=["a", "b"])
    world.settle()
    drain(world, "a")
    assert world.settle() == []
    world.declare(daemon(container("app:2")))
    world.settle()
    assert {place: len(pods) for place, pods in world.pods().items()} == {"a": 1, "b": 1}
    assert set(images(world).values()) == {"app:2"}
