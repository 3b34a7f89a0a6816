"""A job's pod that never gets to its work: an init container fails, or takes too long."""

from typing import Any

from msgspec.structs import replace

from tests.planner.batch.build import Works, indexed, job
from tests.planner.batch.test_job_policies import codes, policy
from tests.planner.fleet.build import container, host

PREPARED: dict[str, Any] = {"init_containers": (container(name="prepare"),)}


def prepares(world: Works, **how: Any) -> None:  # noqa: ANN401 -- fields of what is seen of a container
    """Let the first pod's init container begin, and be as told."""
    world.act()
    for place in "abc":
        seen = world.seen(place)
        world.observations[place] = replace(seen, containers=tuple(replace(one, **how) for one in seen.containers))


def fails_preparing(world: Works, code: int) -> None:
    prepares(world, exit_code=code, finished_at=world.now)


def test_a_failed_init_container_fails_the_pod_and_another_is_made_after_a_back_off() -> None:
    world = Works(job(completions=1, pod=PREPARED))
    fails_preparing(world, 3)
    plan = world.plan()
    assert (world.told().failed, plan.wake_at) == (1, 1010)
    assert [verb for _, verb, _ in world.act()] == ["stop"]
    world.still()
    world.settle()
    assert world.running() == ["work-1"]
    assert [world.short(one) for one in world.names()] == ["work-0", "work-1"], "it stays, with its logs"


def test_a_job_whose_init_containers_fail_comes_to_its_limit() -> None:
    world = Works(job(completions=1, pod=PREPARED, backoff_limit=0))
    fails_preparing(world, 3)
    world.settle()
    assert world.outcome() == ("Failed", "BackoffLimitExceeded")
    world.still()


def test_the_exit_code_of_an_init_container_is_one_for_the_failure_policy() -> None:
    world = Works(job(completions=1, pod=PREPARED, **policy(codes("FailJob", 42, name="prepare"))))
    fails_preparing(world, 42)
    world.settle()
    assert world.outcome() == ("Failed", "PodFailurePolicy")


def test_a_failed_init_container_that_starts_again_is_no_failed_pod() -> None:
    world = Works(job(completions=1, policy="OnFailure", pod=PREPARED))
    fails_preparing(world, 3)
    world.settle()
    assert (world.told().failed, world.running()) == (0, ["work-0"])


def test_a_pod_whose_init_container_failed_takes_up_nothing() -> None:
    hungry = {"init_containers": (container(name="prepare", cpu="3"),)}
    world = Works(indexed(1, container(cpu="3"), pod=hungry))
    fails_preparing(world, 3)
    world.hosts = [host(name, unschedulable=name != "a") for name in "abc"]
    world.declare(*world.objects)
    world.settle()
    assert world.running() == ["work-0-1"]


def test_a_pod_that_prepares_for_too_long_has_failed() -> None:
    world = Works(job(completions=1, backoff_limit=0, pod={**PREPARED, "active_deadline_seconds": 30}))
    prepares(world, state="running", finished_at=0.0)
    world.settle()
    assert world.outcome() == ("Failed", "BackoffLimitExceeded")
