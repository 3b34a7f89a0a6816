"""Claims of StatefulSets: each pod has its own, with its own data, and they go only when that was said."""

import msgspec

from agent.model.memory import Memory
from agent.model.objects.statefulset import ClaimRetention
from tests.planner.fleet.build import World, container
from tests.planner.stateful.build import images, observed, of, rolling, stateful
from tests.planner.storage.build import claim, local_class, said, volumes_on

WEEK = 7 * 86_400
GOES = ClaimRetention(when_scaled="Delete", when_deleted="Delete")


def world_of(replicas: int = 2, **spec: object) -> World:
    world = World(stateful(replicas, claims=["data"], **spec), local_class())  # type: ignore[arg-type]  # any field
    world.settle()
    return world


def claims(world: World) -> list[str]:
    return sorted(name for found in volumes_on(world).values() for name in found)


def test_each_pod_has_a_claim_and_mounts_its_volume() -> None:
    world = world_of()
    assert claims(world) == ["data-db-0", "data-db-1"]
    [mount] = [one for one in observed(world, "db-1").current["app"].config.mounts if one.container_path == "/data"]
    assert "_data-db-1_" in mount.host_path
    assert said(world, "data-db-1")[0] == "Bound"


def test_a_pod_comes_back_to_its_data() -> None:
    world = world_of()
    place = world.host_of("db-1")
    world.declare(stateful(2, container("app:2"), claims=["data"]), local_class())
    world.settle()
    assert world.host_of("db-1") == place
    assert claims(world) == ["data-db-0", "data-db-1"]


def test_data_waits_for_an_ordinal_to_come_back() -> None:
    world = world_of()
    place = world.host_of("db-1")
    world.declare(stateful(1, claims=["data"]), local_class())
    world.settle()
    world.now += 2 * WEEK
    assert world.settle() == []
    assert "stays bound" in said(world, "data-db-1")[1]
    world.declare(stateful(2, claims=["data"]), local_class())
    world.settle()
    assert world.host_of("db-1") == place
    assert claims(world) == ["data-db-0", "data-db-1"]


def test_data_outlives_the_set_and_the_memory() -> None:
    world = world_of()
    place = world.host_of("db-1")
    world.declare(local_class())
    world.settle()
    world.memory = Memory()
    world.plan()
    world.now += 2 * WEEK
    assert world.settle() == []
    assert claims(world) == ["data-db-0", "data-db-1"]
    world.declare(stateful(2, claims=["data"]), local_class())
    world.settle()
    assert world.host_of("db-1") == place


def test_data_that_is_to_go_with_its_ordinal_goes_after_the_time_of_grace() -> None:
    world = world_of(persistent_volume_claim_retention_policy=ClaimRetention(when_scaled="Delete"))
    fewer = stateful(1, claims=["data"], persistent_volume_claim_retention_policy=ClaimRetention(when_scaled="Delete"))
    world.declare(fewer, local_class())
    world.settle()
    assert claims(world) == ["data-db-0", "data-db-1"]
    world.now += WEEK + 1
    world.settle()
    assert claims(world) == ["data-db-0"]


def test_data_that_is_to_go_with_its_set_goes_after_the_time_of_grace() -> None:
    world = world_of(persistent_volume_claim_retention_policy=GOES)
    world.declare(local_class())
    world.settle()
    assert claims(world) == ["data-db-0", "data-db-1"]
    world.now += WEEK + 1
    world.settle()
    assert claims(world) == []


def test_data_stays_when_that_is_said_while_it_waits_to_go() -> None:
    world = world_of(persistent_volume_claim_retention_policy=GOES)
    world.declare(stateful(1, claims=["data"], persistent_volume_claim_retention_policy=GOES), local_class())
    world.settle()
    world.declare(stateful(1, claims=["data"]), local_class())
    world.now += 2 * WEEK
    world.settle()
    assert claims(world) == ["data-db-0", "data-db-1"]


def test_a_retained_claim_is_given_up_by_declaring_and_removing_it() -> None:
    world = world_of()
    world.declare(local_class())
    world.settle()
    world.declare(claim("data-db-1"), local_class())
    world.settle()
    world.declare(local_class())
    world.settle()
    world.now += WEEK + 1
    world.settle()
    assert claims(world) == ["data-db-0"]


def test_a_declared_claim_of_that_name_is_taken() -> None:
    world = World(stateful(1, claims=["data"]), claim("data-db-0", size="5Gi"), local_class())
    world.settle()
    assert of(world).phase == "Ready"
    assert claims(world) == ["data-db-0"]


def test_a_pod_of_the_older_template_comes_back_to_its_data_too() -> None:
    world = world_of()
    world.declare(stateful(2, container("app:2"), claims=["data"], update_strategy=rolling(partition=1)), local_class())
    world.settle()
    place = world.host_of("db-0")
    world.memory = msgspec.json.decode(msgspec.json.encode(world.memory), type=Memory)
    world.before = None
    world.vanish("db-0")
    world.settle()
    assert (world.host_of("db-0"), images(world)) == (place, {"db-0": "app:1", "db-1": "app:2"})
    [mount] = [one for one in observed(world, "db-0").current["app"].config.mounts if one.container_path == "/data"]
    assert "_data-db-0_" in mount.host_path
