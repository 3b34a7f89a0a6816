"""Workloads at rest are decided once; whatever they are decided from ends that."""

import copy
from collections.abc import Callable

import pytest

from agent.model.memory import Memory
from agent.planner.fleet import plan_fleet
from agent.planner.workload import Claim, Scope
from agent.planner.workloads import CLAIMS
from tests.planner.fleet.build import World, container, deployment, pod


@pytest.fixture
def decided(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The workloads that were decided on, in order."""
    found: list[str] = []

    def told(claim: Callable[[Scope], Claim]) -> Callable[[Scope], Claim]:
        def tell(scope: Scope) -> Claim:
            found.append(scope.template.declared.key.name)
            return claim(scope)

        return tell

    told_of = {kind: told(claim) for kind, claim in CLAIMS.items()}
    monkeypatch.setattr("agent.planner.fleet.workloads.CLAIMS", told_of)
    return found


def at_rest() -> World:
    world = World(deployment(4, min_ready_seconds=30), deployment(2, name="other"), hosts="abc")
    world.settle()
    world.plan()
    return world


def test_only_what_changed_is_decided_anew(decided: list[str]) -> None:
    world = at_rest()
    decided.clear()
    world.plan()
    world.now += 3600
    world.plan()
    assert decided == []
    world.kill(next(name for name in world.names() if name.startswith("web-")))
    world.plan()
    assert decided == ["web"]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda world: world.vanish(world.names()[-1]), id="a pod is gone"),
        pytest.param(lambda world: world.kill(world.names()[-1]), id="a container ended"),
        pytest.param(lambda world: world.lose("a"), id="a host is unseen"),
        pytest.param(lambda world: setattr(world, "now", 20.0), id="the clock is set back"),
        pytest.param(lambda world: setattr(world, "memory", Memory()), id="memory is lost"),
        pytest.param(lambda world: world.declare(deployment(2, min_ready_seconds=30)), id="less replicas"),
        pytest.param(lambda world: world.declare(deployment(4, container("app:2"))), id="another template"),
        pytest.param(lambda world: world.declare(deployment(4), pod(world.names()[-1])), id="a name is taken"),
    ],
)
def test_nothing_that_matters_goes_unnoticed(change: Callable[[World], object]) -> None:
    world = at_rest()
    before = plan_fleet(world.given)
    change(world)
    after = plan_fleet(world.given)
    assert after == plan_fleet(copy.deepcopy(world.given))
    assert after != before
