"""Pods that ran to their end: they take up nothing, and nobody does their work again elsewhere."""

import pytest

from agent.model.objects.host import Taint
from agent.model.objects.pod import ContainerPort, Pod
from agent.model.observation import Seen
from agent.planner.disruption.rebalance import rebalance
from agent.planner.fleet import plan_fleet
from tests.planner.batch.build import job
from tests.planner.disruption.build import drain, drained
from tests.planner.fleet.build import FACTS, World, container, host, pod
from tests.planner.quota.test_quota import quota, used

WEB = (ContainerPort(container_port=80, host_port=8080),)


def task(name: str = "task", cpu: str = "1") -> Pod:
    """Declare a pod that works once, and holds a port of its host meanwhile."""
    return pod(name, container(cpu=cpu, ports=WEB), restart_policy="Never")


def with_ended_task(*hosts: str) -> World:
    world = World(task(), hosts=hosts or ("a", "b", "c"))
    world.settle()
    world.kill("task", exit_code=0)
    assert world.settle() == []
    return world


def test_draining_its_host_leaves_it_where_it_is() -> None:
    world = with_ended_task()
    drain(world, "a")
    assert world.settle() == []
    assert (world.pods()["a"], drained(world, "a").reason) == (["task"], "Drained")
    assert world.status("task", "Pod").reason == "Completed"


def test_a_host_with_nothing_left_but_a_finished_job_is_drained() -> None:
    world = World(job())
    world.settle()
    [name] = world.names()
    world.kill(name, exit_code=0)
    world.settle()
    drain(world, world.host_of(name))
    assert world.settle() == []
    assert drained(world, world.host_of(name)).reason == "Drained"


def test_no_taint_drives_it_away() -> None:
    world = with_ended_task()
    world.hosts[0] = host("a", taints=(Taint(key="off", effect="NoExecute"),))
    world.declare(*world.objects)
    assert world.settle() == []
    assert world.host_of("task") == "a"


def test_nobody_would_move_it_to_even_out_the_load() -> None:
    tasks = [pod(name, container(cpu="1"), restart_policy="Never") for name in ("one", "two")]
    world = World(*tasks, hosts=["a"])
    world.settle()
    for name in ("one", "two"):
        world.kill(name, exit_code=0)
    world.hosts.append(host("b"))
    world.observations["b"] = Seen(at=world.now, facts=FACTS)
    world.declare(*world.objects)
    assert rebalance(world.given, plan_fleet(world.given)) == ()


def test_who_wants_its_port_goes_where_that_is_free() -> None:
    world = with_ended_task("a", "b")
    world.declare(task(), task("next"))
    world.settle()
    assert world.pods() == {"a": ["task"], "b": ["next"]}


def test_who_wants_its_port_on_its_only_host_does_not_push_it_off() -> None:
    world = with_ended_task("a")
    world.declare(task("first"), task())
    assert [world.act(), world.act()] == [[], []]
    assert plan_fleet(world.given).memory is world.memory
    assert world.status("task", "Pod").reason == "Completed"


@pytest.mark.parametrize("cpu", ["500m", "2", "64"])
def test_a_change_of_what_it_asks_for_is_planned_for_its_own_host(cpu: str) -> None:
    world = with_ended_task()
    world.declare(task(cpu=cpu))
    plan_fleet(world.given)
    assert world.host_of("task") == "a"


def test_it_does_not_count_in_a_quota() -> None:
    world = World(task(), quota(pods=1), hosts=["a"])
    world.settle()
    assert used(world) == {"pods": "1"}
    world.kill("task", exit_code=0)
    assert used(world) == {"pods": "0"}
    world.declare(task(), pod("next"), quota(pods=1))
    world.settle()
    assert world.names() == ["next", "task"]
