import pytest

from agent.model.objects.agent import Prune
from agent.planner.fleet import plan_fleet
from agent.planner.prune import Held, prune_guard
from tests.planner.batch.build import Works, job
from tests.planner.fleet.build import RECREATE, World, container, deployment, pod, rolling


def guard(world: World, fraction: float = 0.3) -> Held | None:
    return prune_guard(world.given, plan_fleet(world.given), Prune(max_fraction=fraction))


def ten() -> World:
    world = World(*(pod(f"p{number}") for number in range(10)))
    world.settle()
    return world


@pytest.mark.parametrize(("left", "held"), [(10, False), (7, False), (6, True), (1, True), (0, True)])
def test_more_than_the_fraction_is_held(left: int, *, held: bool) -> None:
    world = ten()
    world.declare(*(pod(f"p{number}") for number in range(left)))
    found = guard(world)
    assert (found is not None) is held
    assert found is None or len(found.removed) == 10 - left


def test_every_pod_is_held_whatever_the_fraction() -> None:
    world = ten()
    world.declare()
    found = guard(world, fraction=1.0)
    assert found is not None
    assert found.message.startswith("would remove every pod, and spec.prune.maxFraction allows 100% without asking: ")
    assert found.message.endswith("default/p4 (no object declares it) and 5 more")


def test_every_pod_is_held_though_one_is_there_twice_or_on_its_way_out_already() -> None:
    world = ten()
    world.observations["b"] = world.observations["a"]
    world.declare()
    assert guard(world, fraction=1.0) is not None
    world = World(deployment(4, strategy=rolling("100%", "100%")), pod("one"))
    world.settle()
    world.declare(deployment(4, container("app:2"), strategy=rolling("100%", "100%")), pod("one"))
    world.plan()
    world.declare()
    assert guard(world, fraction=1.0) is not None


def test_what_stays_of_a_job_that_has_ended_is_not_lost() -> None:
    world = Works(job(completions=3, parallelism=3), pod("one"))
    world.settle()
    for name in ("work-0", "work-1", "work-2"):
        world.end(name)
    world.settle()
    world.declare(job(completions=3, parallelism=3))
    assert guard(world) is None
    assert guard(world, fraction=0.2) is not None
    world.declare(pod("one"))
    assert guard(world, fraction=0.9) is None
    assert guard(world, fraction=0.5) is not None


def test_a_fleet_without_pods_is_never_held() -> None:
    assert guard(World(), fraction=0.0) is None
    assert guard(World(deployment(3)), fraction=0.0) is None


@pytest.mark.parametrize("strategy", [rolling(1, 0), rolling("100%", "100%"), RECREATE])
def test_a_rollout_is_not_held(strategy: object) -> None:
    world = World(deployment(4, strategy=strategy))
    world.settle()
    world.declare(deployment(4, container("app:2"), strategy=strategy))
    assert guard(world, fraction=0.0) is None


def test_a_rollout_under_way_is_not_held_for_its_surge() -> None:
    world = World(deployment(4, strategy=rolling(2, 0)))
    world.settle()
    world.declare(deployment(4, container("app:2"), strategy=rolling(2, 0)))
    world.act()
    world.declare(deployment(4, container("app:3"), strategy=rolling(2, 0)), pod("one"))
    assert guard(world, fraction=0.0) is None


@pytest.mark.parametrize("image", ["app:1", "app:2"])
def test_scaling_to_nothing_is_held_like_any_other_loss(image: str) -> None:
    world = World(deployment(5), deployment(2, name="other"))
    world.settle()
    world.declare(deployment(0, container(image)), deployment(2, name="other"))
    found = guard(world)
    assert found is not None
    assert (len(found.removed), found.total) == (5, 7)
    assert "Deployment default/web: scaled down to 0" in found.message


@pytest.mark.parametrize("image", ["app:1", "app:2"])
def test_scaling_down_to_a_number_that_somebody_wrote_is_not_held(image: str) -> None:
    world = World(deployment(5))
    world.settle()
    world.declare(deployment(1, container(image)))
    assert guard(world, fraction=0.0) is None


def test_what_is_scaled_down_beside_it_does_not_count_with_what_vanishes() -> None:
    world = World(deployment(6), *(pod(f"p{number}") for number in range(4)))
    world.settle()
    world.declare(deployment(1), pod("p0"), pod("p1"))
    assert guard(world, fraction=0.2) is None
    found = guard(world, fraction=0.1)
    assert found is not None
    assert (len(found.removed), found.total) == (2, 10)


def test_pods_of_unseen_hosts_count() -> None:
    world = ten()
    for name in "abc":
        world.lose(name)
    world.declare(pod("p0"))
    found = guard(world)
    assert found is not None
    assert (len(found.removed), found.total) == (9, 10)


@pytest.mark.parametrize("forget", [False, True])
@pytest.mark.parametrize(("left", "extent"), [(9, None), (6, "4 of 10 pods"), (0, "every pod")])
def test_pods_of_hosts_that_nobody_has_seen_yet_count_as_remembered(
    left: int, extent: str | None, *, forget: bool
) -> None:
    world = ten()
    for name in "abc":
        world.lose(name, forget=forget)
    world.declare(*(pod(f"p{number}") for number in range(left)))
    found = guard(world)
    assert (found and found.message.startswith(f"would remove {extent}")) == (extent and True)
    assert (found is not None and "these are what memory knows of" in found.message) is (forget and extent is not None)


def test_those_that_were_not_seen_are_told_from_those_that_were() -> None:
    world = ten()
    world.lose("a", forget=True)
    unseen = sum(host == "a" for host in world.given.memory.placements.values())
    world.declare()
    found = guard(world)
    assert found is not None
    assert f"would remove every pod ({unseen} of them not seen yet: " in found.message


def test_pods_that_stay_because_prune_is_off_do_not_count() -> None:
    world = ten()
    world.prune = False
    world.declare()
    assert guard(world) is None


def test_a_pod_that_moves_is_not_lost() -> None:
    world = World(pod("one"), hosts=["a", "b"])
    world.settle()
    world.declare(pod("one", node_name="b"))
    assert guard(world, fraction=0.0) is None
