"""StatefulSets against Kubernetes' rules: names and order, scaling, updates down to a partition, broken rollouts."""

from typing import cast

import pytest

from agent.model.kindstatus import StatefulSetStatus
from agent.model.memory import Memory
from agent.model.objects import Declared
from agent.model.objects.statefulset import Ordinals, StatefulSet
from agent.planner.template import resolve_template
from agent.planner.workloads import statefulset
from tests.planner.fleet.build import KEY, World, container, declared, scope
from tests.planner.stateful.build import (
    ON_DELETE,
    Slow,
    images,
    observed,
    of,
    ready,
    rolling,
    slow,
    stateful,
    unready,
    verbs,
)

PARALLEL = "Parallel"


def settled(**spec: object) -> World:
    """Return a world whose set of three slow pods is up."""
    world = Slow(stateful(3, slow(), **spec))  # type: ignore[arg-type]  # fields of any type
    for _ in range(3):
        world.settle()
        ready(world)
    world.settle()
    assert of(world).phase == "Ready"
    return world


def test_each_pod_has_a_name_and_knows_it() -> None:
    world = Slow(stateful(2, ordinals=Ordinals(start=5)))
    world.settle()
    assert world.names() == ["db-5", "db-6"]
    pod = observed(world, "db-6")
    assert pod.sandbox.config.hostname == "db-6"
    assert pod.labels["statefulset.kubernetes.io/pod-name"] == "db-6"
    assert pod.labels["apps.kubernetes.io/pod-index"] == "6"
    [wanted] = [one for found in world.plan().desired.values() for one in found.pods if one.key.name == "db-6"]
    assert (wanted.spec.hostname, wanted.spec.subdomain) == ("db-6", "peers")
    assert pod.labels["controller-revision-hash"] == pod.template_hash


def test_pods_are_made_in_order_each_once_those_before_it_are_ready() -> None:
    world = Slow(stateful(3, slow()))
    for count in (1, 2, 3):
        world.settle()
        assert world.names() == [f"db-{number}" for number in range(count)]
        ready(world)
    assert of(world).phase == "Ready"


def test_min_ready_seconds_are_waited_for() -> None:
    world = Slow(stateful(2, min_ready_seconds=30))
    story = world.settle()
    assert verbs(story) == [("create", "db-0"), ("create", "db-1")]
    assert world.now >= 1060


def test_parallel_pods_are_made_at_once() -> None:
    world = Slow(stateful(3, slow(), pod_management_policy=PARALLEL))
    assert len(world.act()) == 3


def test_scaling_down_takes_the_highest_one_at_a_time() -> None:
    world = settled()
    world.declare(stateful(1, slow()))
    assert [len(steps) for steps in world.settle()] == [1, 1]
    assert world.names() == ["db-0"]


def test_nothing_is_scaled_down_before_all_that_stay_are_well() -> None:
    world = settled()
    unready(world, "db-0")
    world.declare(stateful(2, slow()))
    assert world.settle() == []
    ready(world)
    assert verbs(world.settle()) == [("remove", "db-2")]


def test_a_parallel_set_is_scaled_down_at_once() -> None:
    world = Slow(stateful(3, pod_management_policy=PARALLEL))
    world.settle()
    world.declare(stateful(0, pod_management_policy=PARALLEL))
    assert len(world.act()) == 3
    world.settle()
    assert of(world).phase == "Ready"


def test_a_start_that_moves_on_drops_the_lowest_and_adds_the_highest() -> None:
    world = Slow(stateful(2))
    world.settle()
    world.declare(stateful(2, ordinals=Ordinals(start=1)))
    world.settle()
    assert world.names() == ["db-1", "db-2"]


def test_an_update_goes_from_the_highest_down_each_pod_gone_before_it_comes_again() -> None:
    world = settled()
    world.declare(stateful(3, slow("app:2")))
    for name in ("db-2", "db-1", "db-0"):
        assert verbs(world.settle()) == [("remove", name), ("create", name)]
        assert "waits for" in of(world).message
        ready(world)
    world.settle()
    assert set(images(world).values()) == {"app:2"}
    assert of(world).phase == "Ready"
    assert world.plan().memory == world.memory


@pytest.mark.parametrize(
    ("unavailable", "first"), [(2, ["db-2", "db-1"]), ("67%", ["db-2", "db-1"]), ("66%", ["db-2"]), ("1%", ["db-2"])]
)
def test_max_unavailable_rounds_down_and_is_at_least_one(unavailable: int | str, first: list[str]) -> None:
    world = settled()
    world.declare(stateful(3, slow("app:2"), update_strategy=rolling(unavailable=unavailable)))
    assert [name for _, verb, name in world.act() if verb == "remove"] == sorted(first)


def test_pods_below_the_partition_keep_the_older_template_also_when_they_are_made_anew() -> None:
    world = Slow(stateful(3))
    world.settle()
    world.declare(stateful(3, container("app:2"), update_strategy=rolling(partition=2)))
    world.settle()
    assert images(world) == {"db-0": "app:1", "db-1": "app:1", "db-2": "app:2"}
    status = of(world)
    assert (status.phase, status.message) == ("Ready", "db-0, db-1 of an older template, below the partition")
    assert world.messages() == []
    world.vanish("db-0")
    world.vanish("db-2")
    world.settle()
    assert images(world) == {"db-0": "app:1", "db-1": "app:1", "db-2": "app:2"}
    world.declare(stateful(3, container("app:2"), update_strategy=rolling(partition=0)))
    world.settle()
    assert set(images(world).values()) == {"app:2"}


def test_a_partition_counts_from_the_first_ordinal() -> None:
    world = Slow(stateful(2, ordinals=Ordinals(start=5)))
    world.settle()
    new = stateful(2, container("app:2"), ordinals=Ordinals(start=5), update_strategy=rolling(partition=1))
    world.declare(new)
    world.settle()
    assert images(world) == {"db-5": "app:1", "db-6": "app:2"}


def test_an_older_template_that_nobody_remembers_is_made_up_for_by_the_newest() -> None:
    world = Slow(stateful(2))
    world.settle()
    world.declare(stateful(2, container("app:2"), update_strategy=rolling(partition=2)))
    world.settle()
    world.memory, world.before = Memory(), None
    assert world.settle() == [], "what runs is left alone"
    world.vanish("db-0")
    world.settle()
    assert images(world) == {"db-0": "app:2", "db-1": "app:1"}


def test_on_delete_updates_what_somebody_removes() -> None:
    world = Slow(stateful(2, update_strategy=ON_DELETE))
    world.settle()
    world.declare(stateful(2, container("app:2"), update_strategy=ON_DELETE))
    assert world.settle() == []
    assert of(world).phase == "Ready"
    assert "OnDelete" in of(world).message
    world.vanish("db-0")
    world.settle()
    assert images(world) == {"db-0": "app:2", "db-1": "app:1"}


def test_a_broken_template_stops_at_its_first_pod_and_is_rolled_back_without_help() -> None:
    world = settled()
    world.declare(stateful(3, slow("app:broken")))
    world.settle()
    assert images(world)["db-2"] == "app:broken"
    assert images(world)["db-1"] == "app:1"
    world.declare(stateful(3, slow("app:1")))
    assert verbs(world.settle()) == [("remove", "db-2"), ("create", "db-2")]
    ready(world)
    world.settle()
    assert of(world).phase == "Ready"


@pytest.mark.parametrize("policy", ["OrderedReady", "Parallel"])
def test_a_set_that_never_worked_is_put_right_by_a_better_template(policy: str) -> None:
    world = Slow(stateful(3, slow("app:broken"), pod_management_policy=policy))
    world.settle()
    world.declare(stateful(3, slow("app:2"), pod_management_policy=policy))
    for _ in range(4):
        world.settle()
        ready(world, *(name for name, image in images(world).items() if image == "app:2"))
    world.settle()
    assert images(world) == {"db-0": "app:2", "db-1": "app:2", "db-2": "app:2"}


def test_a_broken_template_does_not_spread_by_accidents() -> None:
    world = settled()
    world.declare(stateful(3, slow("app:broken")))
    world.settle()
    world.vanish("db-1")
    unready(world, "db-0")
    world.settle()
    ready(world, "db-0")
    world.settle()
    assert images(world) == {"db-0": "app:1", "db-1": "app:1", "db-2": "app:broken"}


def test_a_pod_whose_turn_has_come_is_not_made_from_the_older_template_by_a_new_agent() -> None:
    world = settled(pod_management_policy=PARALLEL)
    new = stateful(3, slow("app:2"), pod_management_policy=PARALLEL, update_strategy=rolling(unavailable=2))
    world.declare(new)
    world.act()
    assert world.names() == ["db-0"]
    # One of both comes first, and is not ready; the other was to be updated, too.
    world.act(lambda found: found[:1])
    world.settle()
    assert sorted(images(world).values()) == ["app:1", "app:2", "app:2"]


def test_the_status_is_as_kubernetes_has_it() -> None:
    world = settled()
    first = observed(world, "db-0").template_hash
    whole = StatefulSetStatus(
        replicas=3,
        ready_replicas=3,
        available_replicas=3,
        current_replicas=3,
        updated_replicas=3,
        current_revision=f"db-{first}",
        update_revision=f"db-{first}",
    )
    assert of(world).status == whole
    world.declare(stateful(3, slow("app:2")))
    world.settle()
    second = observed(world, "db-2").template_hash
    assert of(world).status == StatefulSetStatus(
        replicas=3,
        ready_replicas=2,
        available_replicas=2,
        current_replicas=2,
        updated_replicas=1,
        current_revision=f"db-{first}",
        update_revision=f"db-{second}",
    )


def test_a_new_service_name_is_an_update_like_any_other() -> None:
    world = settled()
    world.declare(stateful(3, slow(), service_name="others"))
    assert verbs(world.settle()) == [("remove", "db-2"), ("create", "db-2")]


def test_what_an_autoscaler_says_wins_over_the_manifest() -> None:
    workload = cast("Declared[StatefulSet]", declared(stateful(2, pod_management_policy=PARALLEL)))
    template = resolve_template(workload, (), KEY)
    found = statefulset.claim(scope(template, (), replicas=4))
    assert [slot.key.name for slot in found.now] == ["db-0", "db-1", "db-2", "db-3"]


def test_an_older_pod_that_was_cut_short_in_the_making_is_finished() -> None:
    world = World(stateful(2))
    world.settle()
    world.declare(stateful(2, container("app:2"), update_strategy=rolling(partition=2)))
    world.settle()
    world.vanish("db-0")
    [(place, action)] = world.actions(world.plan())
    world.do(place, action, len(action.steps) - 1)
    world.settle()
    assert images(world) == {"db-0": "app:1", "db-1": "app:1"}
    assert of(world).phase == "Ready"


def test_a_first_template_is_remembered_while_a_host_out_of_sight_may_make_a_pod_of_it() -> None:
    world = World(stateful(2, update_strategy=rolling(partition=1)))
    [(place, action)] = world.actions(world.plan())
    before = world.lose(place)
    for image in ("app:2", "app:3"):
        world.declare(stateful(2, container(image), update_strategy=rolling(partition=1)))
        world.plan()
    world.observations[place] = before
    world.do(place, action, len(action.steps) - 1)
    world.settle()
    assert images(world) == {"db-0": "app:1", "db-1": "app:3"}


def test_a_pod_without_containers_whose_template_nobody_remembers_is_made_anew() -> None:
    world = World(stateful(2, update_strategy=rolling(partition=1)))
    [(place, action)] = world.actions(world.plan())
    world.do(place, action, len(action.steps) - 1)
    world.declare(stateful(2, container("app:2"), update_strategy=rolling(partition=1)))
    world.memory, world.before = Memory(), None
    assert verbs(world.settle())[:2] == [("remove", "db-0"), ("create", "db-0")]
    assert images(world) == {"db-0": "app:2", "db-1": "app:2"}
