"""What a rehearsal foretells is what happens, in whatever order hosts and pods take their turns."""

import random

import pytest
from msgspec.structs import replace

from agent.model.action import Action, RunSandbox
from agent.model.labels import AGENT
from agent.model.observation import SandboxSeen
from agent.planner.rehearsal import Rehearsal, rehearse
from tests.planner.fleet.build import RECREATE, World, container, deployment, pod, rolling

Foretold = set[tuple[str, str, str]]


def rehearsed(world: World) -> tuple[Rehearsal, Foretold]:
    found = rehearse(world.given)
    assert found.finished
    return found, {(move.host, move.action.verb, move.action.pod.name) for move in found.moves}


def busy_world() -> World:
    """Return a world in the midst of life, with a revision that changes most of it."""
    world = World(
        deployment(5, strategy=rolling(1, 1)),
        deployment(2, name="db", strategy=RECREATE),
        deployment(3, name="small"),
        deployment(1, name="gone"),
        pod("one"),
    )
    world.settle()
    world.declare(
        deployment(6, container("app:2"), strategy=rolling(2, 1), min_ready_seconds=10),
        deployment(3, container("app:2"), name="db", strategy=RECREATE),
        deployment(1, container("app:2"), name="small"),
        deployment(2, name="added"),
        pod("one", container("app:2")),
    )
    return world


@pytest.mark.parametrize("seed", range(12))
def test_any_order_of_execution_does_what_was_rehearsed(seed: int) -> None:
    world = busy_world()
    dice = random.Random(seed)
    _, foretold = rehearsed(world)

    def some(actions: list[tuple[str, Action]]) -> list[tuple[str, Action]]:
        chosen: list[tuple[str, Action]] = []
        for host, action in actions:
            before = {one.id for place, one in chosen if place == host}
            if dice.random() < 0.5 and before.issuperset(action.after):
                chosen.append((host, action))
        return chosen

    done: Foretold = set()
    for _ in range(60):
        done |= set(world.act(some))
        world.now += dice.choice([0, 1, 7])
    done |= {step for steps in world.settle() for step in steps}
    assert done == foretold


def test_nothing_to_do() -> None:
    world = World(deployment(3), pod("one"))
    world.settle()
    found, foretold = rehearsed(world)
    assert foretold == set()
    assert sum(plan.unchanged for plan in found.plans.values()) == 4
    assert found.now == world.now


def test_a_rehearsal_changes_nothing_and_ends_where_the_world_would() -> None:
    world = busy_world()
    before = dict(world.observations)
    found, _ = rehearsed(world)
    assert world.observations == before
    world.settle()
    assert {host: one.sandboxes for host, one in found.observations.items()} != before  # type: ignore[union-attr]  # all are seen
    assert found.fleet.memory.placements == world.memory.placements
    assert [one.phase for one in found.fleet.statuses] == ["Ready"] * len(found.fleet.statuses)


def test_time_passes_only_as_far_as_needed() -> None:
    world = World(deployment(1, min_ready_seconds=30))
    world.settle()
    world.declare(deployment(1, container("app:2"), min_ready_seconds=30))
    found, _ = rehearsed(world)
    assert [(move.action.verb, move.at - world.now) for move in found.moves] == [("create", 0), ("remove", 30)]


def test_a_crashing_container_is_started_again_after_its_back_off() -> None:
    world = World(deployment(1))
    [[(host, _, name)]] = world.settle()
    world.kill(name)
    found, foretold = rehearsed(world)
    assert foretold == {(host, "restart", name)}
    assert found.plans[host].unchanged == 0


def test_host_clocks_that_are_off_change_nothing() -> None:
    world = busy_world()
    _, foretold = rehearsed(world)
    for name in world.observations:
        seen = world.seen(name)
        world.observations[name] = replace(seen, facts=replace(seen.facts, clock_skew=-3600.0))
    assert rehearsed(world)[1] == foretold


def test_unseen_hosts_are_named_and_left_alone() -> None:
    world = World(deployment(3))
    world.settle()
    world.lose("a")
    world.declare(deployment(3, container("app:2")))
    found, foretold = rehearsed(world)
    assert found.unseen == ("a",)
    assert found.plans["a"].actions == ()
    assert "a" not in {host for host, _, _ in foretold}


def test_what_waits_in_the_end_is_said() -> None:
    world = World(deployment(1, container(cpu="9")))
    found, _ = rehearsed(world)
    assert [one.reason for one in found.waiting] == ["unschedulable"]


def test_each_hosts_plan_has_its_actions_once_and_in_order() -> None:
    found, _ = rehearsed(busy_world())
    for host, plan in found.plans.items():
        ids = [action.id for action in plan.actions]
        assert len(ids) == len(set(ids))
        assert [action.pod for action in plan.actions] == [m.action.pod for m in found.moves if m.host == host]
        for position, action in enumerate(plan.actions):
            assert set(action.after) <= set(ids[:position])


def test_a_rehearsal_that_does_not_end_is_cut_short() -> None:
    assert not rehearse(busy_world().given, most_rounds=2).finished


def test_what_cannot_be_foretold_is_said() -> None:
    """A sandbox of another one's making may hold the very name that a pod is to get."""
    world = World(pod("one"), hosts=["a"])
    [(_, action)] = world.actions(world.plan())
    seen = world.seen("a")
    wanted = next(step.config for step in action.steps if isinstance(step, RunSandbox))
    config = replace(wanted, labels={AGENT: "somebody-else"})
    world.observations["a"] = replace(seen, sandboxes=(SandboxSeen(id="x", config=config, ready=True),))
    found = rehearse(world.given)
    assert not found.finished
    assert found.waiting[0].message.startswith("what follows on a cannot be foretold: sandbox name")
    assert [move.action.pod.name for move in found.moves] == ["one"]


def test_a_pod_that_starts_in_turns_is_one_creation() -> None:
    turns = {"init_containers": (container(name="first"), container(name="second", restart_policy="Always"))}
    world = World(deployment(2, pod=turns))
    found, foretold = rehearsed(world)
    assert {verb for _, verb, _ in foretold} == {"create"}
    assert len(found.moves) == 2
