"""What planners remember changes no plan: each is what they would say to somebody whom they never met."""

import pickle
from typing import TypeVar

import pytest

from agent.model.plan import FleetInput, FleetPlan, HostInput, HostPlan
from agent.planner.fleet import plan_fleet
from agent.planner.host import plan_host
from agent.reconciler.fleet import loop as fleet_loop
from agent.reconciler.host import loop as host_loop
from agent.simulator import Chaos, simulate

Given = TypeVar("Given")


def _stranger(given: Given) -> Given:
    """A copy, of which nothing is known: what is remembered is found by identity."""
    return pickle.loads(pickle.dumps(given))  # type: ignore[no-any-return]  # noqa: S301 -- just written


def _whole_fleet(given: FleetInput) -> FleetPlan:
    plan = plan_fleet(given)
    assert plan == plan_fleet(_stranger(given))
    return plan


def _one_host(given: HostInput) -> HostPlan:
    plan = plan_host(given)
    assert plan == plan_host(_stranger(given))
    return plan


@pytest.mark.parametrize(("chaos", "seeds"), [("plain", 6), ("every-kind", 3), ("storm", 3)])
def test_planners_that_remember_plan_as_those_that_do_not(
    chaos: Chaos, seeds: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fleet_loop, "plan_fleet", _whole_fleet)
    monkeypatch.setattr(host_loop, "plan_host", _one_host)
    for seed in range(seeds):
        simulate(seed, chaos)
