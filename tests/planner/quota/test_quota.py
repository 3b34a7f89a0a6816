"""ResourceQuotas: pods beyond them are not made, and say so."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from agent.model.objects import Deployment, ObjectMeta
from agent.model.objects.pod import ResourceRequirements
from agent.model.objects.quota import QuotaScope, QuotaSpec, ResourceQuota, ScopeRequirement, ScopeSelector
from agent.model.objects.replicaset import ReplicaSet
from agent.planner.fleet import plan_fleet
from tests.planner.fleet.build import World, config_map, container, deployment, pod, slots
from tests.planner.fleet.test_replicasets import replica_set


def quota(name: str = "all", *, scopes: tuple[QuotaScope, ...] = (), of: str = "", **hard: str | int) -> ResourceQuota:
    """Declare a quota; `requests_cpu` is `requests.cpu`."""
    chosen = ScopeSelector(
        match_expressions=(ScopeRequirement(scope_name="PriorityClass", operator="In", values=(of,)),)
    )
    return ResourceQuota(
        metadata=ObjectMeta(name=name, namespace="default"),
        spec=QuotaSpec(
            hard={key.replace("_", "."): amount for key, amount in hard.items()},
            scopes=scopes,
            scope_selector=chosen if of else None,
        ),
    )


def used(world: World, name: str = "all") -> dict[str, str]:
    told = world.status(name, "ResourceQuota").status
    return dict(told.used)  # type: ignore[union-attr]  # of a quota it is


def test_pods_beyond_the_quota_are_not_made_and_say_so() -> None:
    world = World(deployment(5), quota(pods=3))
    world.settle()
    assert slots(world.names()) == ["web-0", "web-1", "web-2"]
    why = "exceeded quota: all, requested: pods=1, used: pods=3, limited: pods=3"
    hash_ = world.names()[0].split("-")[1]
    assert f"web-{hash_}-3 is not made: {why}" in world.messages()
    assert (world.status().phase, world.status().reason) == ("Waiting", "FailedCreate")
    assert why in world.status().message
    assert used(world) == {"pods": "3"}
    assert plan_fleet(world.given).memory is world.memory


def test_what_is_there_stays_when_the_quota_shrinks_and_more_come_when_it_grows() -> None:
    world = World(deployment(4))
    world.settle()
    world.declare(deployment(4), quota(pods=2))
    assert world.settle() == []
    world.declare(deployment(6), quota(pods=5))
    world.settle()
    assert len(world.names()) == 5


def test_a_rollout_waits_for_old_pods_to_make_room() -> None:
    world = World(deployment(4), quota(pods=4))
    world.settle()
    world.declare(deployment(4, container("app:2")), quota(pods=4))
    world.settle()
    assert world.status().phase == "Ready"


@pytest.mark.parametrize(
    ("hard", "made"),
    [({"requests.cpu": "2"}, 2), ({"cpu": "1500m"}, 1), ({"limits.cpu": "3"}, 1), ({"count/pods": "2"}, 2)],
)
def test_each_resource_bounds(hard: dict[str, str], made: int) -> None:
    resources = ResourceRequirements(requests={"cpu": "1"}, limits={"cpu": "2"})
    world = World(
        deployment(3, replace(container(), resources=resources)),
        ResourceQuota(metadata=ObjectMeta(name="all", namespace="default"), spec=QuotaSpec(hard=hard)),
    )
    world.settle()
    assert len(world.names()) == made


def test_a_bounded_resource_must_be_written() -> None:
    world = World(pod("one"), quota(requests_memory="1Gi"))
    world.settle()
    assert world.names() == []
    assert world.messages() == ["one is not made: failed quota: all: must specify requests.memory for: app"]


def test_scopes_choose_the_pods() -> None:
    best_effort = quota("idle", scopes=("BestEffort",), pods=0)
    world = World(pod("idle"), pod("busy", container(cpu="1")), best_effort, quota("urgent", of="high", pods=0))
    world.settle()
    assert world.names() == ["busy"]
    assert used(world, "idle") == {"pods": "0"}


def test_a_pod_that_vanished_comes_before_new_ones() -> None:
    world = World(deployment(2, name="zzz"), quota(pods=2))
    world.settle()
    gone = world.names()[0]
    world.vanish(gone)
    world.declare(deployment(2, name="aaa"), deployment(2, name="zzz"), quota(pods=2))
    world.settle()
    assert slots(world.names()) == ["zzz-0", "zzz-1"]


def test_objects_are_counted_by_their_names() -> None:
    hard = {"configmaps": 5, "count/deployments.apps": 3, "count/configmaps": 5}
    world = World(
        deployment(1),
        config_map(),
        ResourceQuota(metadata=ObjectMeta(name="all", namespace="default"), spec=QuotaSpec(hard=hard)),
    )
    assert used(world) == {"configmaps": "1", "count/configmaps": "1", "count/deployments.apps": "1"}


@pytest.mark.parametrize("kind", ["Deployment", "ReplicaSet"])
def test_pods_that_may_not_be_made_are_a_replica_failure_until_they_are(kind: str) -> None:
    make: Callable[[int], Deployment | ReplicaSet] = deployment if kind == "Deployment" else replica_set
    world = World(make(3), quota(pods=1))
    world.settle()
    forbidden = next(one for one in world.plan().waiting if one.reason == "quota").pod
    assert forbidden is not None
    why = "exceeded quota: all, requested: pods=1, used: pods=1, limited: pods=1"
    said = (f'pods "{forbidden.name}" is forbidden: {why}', "FailedCreate", "True")
    assert failure(world, kind) == [said]
    world.declare(make(3), quota(pods=3))
    world.settle()
    assert failure(world, kind) == []


def failure(world: World, kind: str) -> list[tuple[str, str, str]]:
    """Say what the ReplicaFailure of a workload says."""
    told = world.status("web", kind).status.conditions  # type: ignore[union-attr]  # these two have conditions
    return [(one.message, one.reason, one.status) for one in told if one.type == "ReplicaFailure"]
