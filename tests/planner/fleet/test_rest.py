"""Workloads at rest are decided once; whatever they are decided from ends that."""

import copy
from collections.abc import Callable

import pytest
from msgspec.structs import replace

from agent.model.memory import Memory
from agent.model.objects.fleet import AnyObject, Fleet
from agent.model.objects.meta import Declared
from agent.planner.fleet import plan_fleet
from agent.planner.workload import Claim, Scope
from agent.planner.workloads import CLAIMS
from tests.planner.batch.build import Works, job
from tests.planner.fleet.build import World, container, declared, deployment, host, pod
from tests.planner.stateful.build import daemon, stateful


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


def at_rest() -> Works:
    """Return a world with every kind, its jobs run and ended, in which nothing is left to do."""
    here = {"node_selector": {"disk": "ssd"}}
    world = Works(
        *APPS,
        pod("alone"),
        daemon(name="everywhere"),
        daemon(name="somewhere", pod=here),
        job(name="runs"),
        job(name="ended"),
        job(name="timed", active_deadline_seconds=4000),
        hosts=(host("a", labels={"disk": "ssd"}), "b", "c"),
    )
    world.settle()
    world.end("ended-0")
    world.settle()
    world.plan()
    return world


APPS = (deployment(4, min_ready_seconds=30), deployment(2, name="other"), stateful(2))


def test_only_what_changed_is_decided_anew(decided: list[str]) -> None:
    world = at_rest()
    assert world.record("ended").finished_at
    decided.clear()
    world.plan()
    world.now += 3600
    world.plan()
    assert decided == ["timed", "timed"], "a job that will be too late is looked at each time"
    world.kill(pod_of(world, "web"))
    decided.clear()
    world.plan()
    assert "web" in decided


def test_while_one_rolls_out_the_others_rest(decided: list[str]) -> None:
    world = World(deployment(3), deployment(2, name="other"), daemon(), hosts="abc")
    world.settle()
    world.plan()
    world.before, world.fleet = world.fleet, with_these(world.fleet, declared(deployment(3, container("app:2"))))
    while not world.memory.leaving:
        world.act()
    world.plan()
    decided.clear()
    world.plan()
    assert decided == ["web"]


def test_a_host_that_alone_is_declared_otherwise_gets_its_daemon_pod() -> None:
    world = at_rest()
    world.fleet = with_these(world.fleet, declared(host("b", labels={"disk": "ssd"})))
    plan = plan_fleet(world.given)
    assert [one.owner.name for one in plan.desired["b"].pods if one.owner.name == "somewhere"] == ["somewhere"]
    assert plan == plan_fleet(copy.deepcopy(world.given))


def pod_of(world: World, name: str) -> str:
    return next(one for one in world.names() if one.startswith(f"{name}-"))


def tell_to_go(world: World, name: str) -> None:
    pod = pod_of(world, name)
    world.memory = replace(world.memory, leaving={f"default/{pod}": world.host_of(pod)})


def forget_job(world: World, name: str) -> None:
    jobs = {key: one for key, one in world.memory.jobs.items() if not key.endswith(name)}
    world.memory = replace(world.memory, jobs=jobs)


def with_these(fleet: Fleet, *objects: Declared[AnyObject]) -> Fleet:
    """Return a fleet with some objects as they are here; all others are the very same."""
    return replace(fleet, objects={**fleet.objects, **{one.key: one for one in objects}})


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
        pytest.param(lambda world: world.end("runs-0"), id="a job's pod ended"),
        pytest.param(lambda world: world.vanish(pod_of(world, "ended")), id="a pod that ended is gone"),
        pytest.param(lambda world: world.vanish(pod_of(world, "everywhere")), id="a daemon pod is gone"),
        pytest.param(lambda world: world.kill("alone"), id="a Pod's container ended"),
        pytest.param(lambda world: setattr(world, "now", world.now + 5000.0), id="a deadline passed"),
        pytest.param(lambda world: tell_to_go(world, "web"), id="a pod was told to go"),
        pytest.param(lambda world: tell_to_go(world, "runs"), id="a job's pod was told to go"),
        pytest.param(lambda world: forget_job(world, "ended"), id="a job's record is lost"),
    ],
)
def test_nothing_that_matters_goes_unnoticed(change: Callable[[Works], object]) -> None:
    world = at_rest()
    before = plan_fleet(world.given)
    change(world)
    after = plan_fleet(world.given)
    assert after == plan_fleet(copy.deepcopy(world.given))
    assert after != before
