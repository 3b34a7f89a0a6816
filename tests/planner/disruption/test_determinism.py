import os
import subprocess
import sys

import pytest

from agent.planner.disruption.rebalance import rebalance
from agent.planner.fleet import plan_fleet
from tests.planner.disruption.build import budget, drain, priority
from tests.planner.fleet.build import World, container, deployment, pod

TOLD = """
from tests.planner.disruption.test_determinism import told
print(told())
"""


def told() -> str:
    """Return what is planned for a full fleet in which a host is drained, and somebody comes first."""
    web = deployment(5, container(cpu="1"), pod={"priority_class_name": "low"})
    others = [pod(f"one-{number}", container(cpu="2"), priority_class_name="low") for number in range(2)]
    world = World(web, *others, budget(most=1), priority("high", 9), priority("low", 1))
    world.settle()
    world.declare(*world.objects, pod("urgent", container(cpu="4"), priority_class_name="high"))
    drain(world, "c")
    story = [world.plan()]
    while world.act():
        story.append(world.plan())
    drain(world)
    return f"{story} {rebalance(world.given, plan_fleet(world.given))}"


@pytest.mark.parametrize("seed", ["1", "2"])
def test_the_same_whatever_the_hash_seed(seed: str) -> None:
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    done = subprocess.run([sys.executable, "-c", TOLD], env=environment, check=True, capture_output=True, text=True)
    assert "preempted" in done.stdout
    assert "drain of c" in done.stdout
    assert done.stdout == f"{told()}\n"
