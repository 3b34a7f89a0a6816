"""Taints that drive pods off: those of older templates go, too, whatever a rollout keeps them for."""

from collections.abc import Callable
from typing import Any

import pytest

from agent.model.objects import Deployment
from agent.model.objects.host import Taint
from agent.model.objects.pod import Toleration
from agent.planner.fleet import plan_fleet
from tests.planner.fleet.build import World, container, deployment, host
from tests.planner.fleet.test_replicasets import replica_set
from tests.planner.stateful.build import ON_DELETE, rolling, stateful

HUGE = container("app:2", cpu="64")


def taint(world: World) -> None:
    world.hosts[0] = host("a", taints=(Taint(key="off", effect="NoExecute"),))
    world.declare(*world.objects)


def paused(image: str) -> Deployment:
    return deployment(3, container(image), paused=image != "app:1")


@pytest.mark.parametrize(
    "body",
    [
        paused,
        lambda image: deployment(3, container(image) if image == "app:1" else HUGE),
        lambda image: stateful(3, container(image), update_strategy=rolling(partition=3)),
        lambda image: stateful(3, container(image), update_strategy=ON_DELETE),
        lambda image: replica_set(3, container(image)),
    ],
    ids=["paused", "stuck", "partition", "on-delete", "replicas"],
)
def test_pods_that_a_rollout_keeps_leave_a_tainted_host(body: Callable[[str], Any]) -> None:
    world = World(body("app:1"))
    world.settle()
    world.declare(body("app:2"))
    world.settle()
    assert world.pods()["a"]
    taint(world)
    world.settle()
    assert world.pods()["a"] == []
    assert len(world.names()) == 3
    assert world.memory.evicted == {}
    assert plan_fleet(world.given).memory is world.memory


def test_they_bear_it_for_as_long_as_their_own_template_says() -> None:
    bears = Toleration(key="off", operator="Exists", effect="NoExecute", toleration_seconds=60)
    world = World(deployment(3, pod={"tolerations": (bears,)}))
    world.settle()
    world.declare(deployment(3, container("app:2"), paused=True))
    world.settle()
    taint(world)
    since = world.now
    assert world.act() == []
    assert world.plan().wake_at == since + 60
    world.now = since + 60
    world.settle()
    assert world.pods()["a"] == []


def test_a_set_is_scaled_down_whose_pods_were_told_to_leave_a_host_that_is_tainted_since() -> None:
    world = World(stateful(3), hosts=["a", "b"])
    world.settle()
    world.hosts[0] = host("a", drain=True)
    world.declare(*world.objects)
    world.plan()
    assert world.memory.evicted
    world.objects = (stateful(0),)
    taint(world)
    world.settle()
    assert world.names() == []
    assert world.memory.evicted == {}
