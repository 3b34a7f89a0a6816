"""Annotations that somebody wrote into by hand: nothing that a host shows ends a plan."""

import pytest
from msgspec.structs import replace

from agent.model.labels import LAST_TERMINATION, LIFECYCLE, PROBES, RESTART_RULES
from agent.planner.fleet import plan_fleet
from tests.planner.fleet.build import World, deployment

DEEP = f'{{"unknown": {"[" * 100_000}{"]" * 100_000}}}'


@pytest.mark.parametrize("written", ["", "no JSON", "[]", '{"policy": 1}', DEEP])
def test_an_annotation_that_is_none_is_as_if_it_were_not_there(written: str) -> None:
    world = World(deployment(1), hosts=["a"])
    world.settle()
    seen = world.seen("a")
    annotations = dict.fromkeys((LAST_TERMINATION, LIFECYCLE, PROBES, RESTART_RULES), written)
    world.observations["a"] = replace(
        seen,
        containers=tuple(
            replace(one, config=replace(one.config, annotations={**one.config.annotations, **annotations}))
            for one in seen.containers
        ),
    )
    world.kill(world.names()[0])
    plan = plan_fleet(world.given)
    assert [action.verb for _, action in world.actions(plan)] == ["restart"]
