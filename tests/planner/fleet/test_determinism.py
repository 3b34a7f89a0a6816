import os
import subprocess
import sys

import pytest
from msgspec.structs import replace

from agent.planner.fleet import plan_fleet
from agent.planner.rehearsal import rehearse
from tests.planner.fleet.build import World, container, deployment, fleet, host, pod
from tests.planner.fleet.test_rehearsal import busy_world

TOLD = """
from tests.planner.fleet.test_rehearsal import busy_world
from agent.planner.rehearsal import rehearse
world = busy_world()
world.lose("b")
print(rehearse(world.given))
"""

LOST = """
from tests.planner.fleet.build import World, container, deployment, rolling
world = World(deployment(7), hosts="abcd")
world.settle()
for image, replicas in (("app:2", 7), ("app:3", 12)):
    world.declare(deployment(replicas, container(image), strategy=rolling(2, 2)))
    print(world.act(), world.act())
before = world.lose("b")
world.plan()
world.now += 300
print(world.plan(), world.act(), world.plan())
world.observations["b"] = before
print(world.plan(), world.settle(), world.memory)
"""


@pytest.fixture(scope="module", params=[TOLD, LOST], ids=["busy", "lost"])
def story(request: pytest.FixtureRequest) -> tuple[str, str]:
    """What is told, and how it goes with the first seed."""
    return request.param, _run(request.param, "0")


def _run(script: str, seed: str) -> str:
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    return subprocess.run(
        [sys.executable, "-c", script], env=environment, check=True, capture_output=True, text=True
    ).stdout


@pytest.mark.parametrize("seed", ["1", "2", "3"])
def test_the_same_whatever_the_hash_seed(seed: str, story: tuple[str, str]) -> None:
    script, told = story
    assert "create" in told
    assert _run(script, seed) == told


def test_the_same_twice() -> None:
    world = busy_world()
    assert plan_fleet(world.given) == plan_fleet(world.given)
    assert rehearse(world.given) == rehearse(world.given)


def test_the_order_of_hosts_does_not_matter() -> None:
    world = busy_world()
    given = world.given
    turned = replace(given, observations=dict(reversed(list(given.observations.items()))))
    assert plan_fleet(turned) == plan_fleet(given)


def test_an_unchanged_fleet_is_remembered_by_the_same_value() -> None:
    """So that the agent can see at a glance that there is nothing to save."""
    world = World(deployment(3), pod("one"))
    world.settle()
    assert plan_fleet(world.given).memory is world.memory


def test_unchanged_pods_are_the_same_values_in_every_plan() -> None:
    """The host planner remembers what follows from a desired pod for as long as that is the same value."""
    world = World(deployment(3), deployment(2, name="other"))
    world.settle()
    one, other = fleet(*world.hosts, *world.objects), fleet(*world.hosts, deployment(3, container("app:2")))
    changed = replace(one, objects={**one.objects, **{key: other.objects[key] for key in other.objects}})
    before, after = (plan_fleet(replace(world.given, fleet=found)).desired for found in (one, changed))
    kept = {id(found): found for desired in before.values() for found in desired.pods if found.owner.name == "other"}
    assert len(kept) == 2
    assert all(id(found) in kept for desired in after.values() for found in desired.pods if found.owner.name == "other")


def test_hosts_need_not_be_declared_in_order() -> None:
    world = World(deployment(3), hosts=[host("c"), host("a"), host("b")])
    assert [sorted(found) for found in world.settle()] == [sorted(World(deployment(3)).settle()[0])]
