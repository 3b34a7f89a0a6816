"""What a job makes of failed pods, indexes by themselves, and of successes that are enough."""

from typing import Any, Literal

import pytest

from agent.model.objects.host import Taint
from agent.model.objects.job import (
    OnExitCodes,
    OnPodCondition,
    PodFailurePolicy,
    PodFailureRule,
    SuccessPolicy,
    SuccessRule,
)
from agent.planner.workloads.job.policy import Action as PodFailureAction
from tests.planner.batch.build import Works, indexed, job
from tests.planner.fleet.build import host


def policy(*rules: PodFailureRule) -> dict[str, Any]:
    return {"pod_failure_policy": PodFailurePolicy(rules=rules)}


def codes(
    action: PodFailureAction, *values: int, operator: Literal["In", "NotIn"] = "In", name: str | None = None
) -> PodFailureRule:
    return PodFailureRule(
        action=action, on_exit_codes=OnExitCodes(operator=operator, values=values, container_name=name)
    )


DISRUPTED = PodFailureRule(action="Ignore", on_pod_conditions=(OnPodCondition(type="DisruptionTarget"),))


@pytest.mark.parametrize(
    ("rules", "code", "expected"),
    [
        ((codes("FailJob", 42),), 42, ("Failed", 1)),
        ((codes("FailJob", 42),), 1, ("", 1)),
        ((codes("FailJob", 42, operator="NotIn"),), 1, ("Failed", 1)),
        ((codes("Ignore", 42), codes("FailJob", 42)), 42, ("", 0)),
        ((codes("Count", 42), codes("FailJob", 1, 42)), 42, ("", 1)),
        ((codes("FailJob", 42, name="other"),), 42, ("", 1)),
        ((codes("FailJob", 42, name="app"),), 42, ("Failed", 1)),
    ],
)
def test_the_first_rule_that_matches_says_what_a_failed_pod_means(
    rules: tuple[PodFailureRule, ...], code: int, expected: tuple[str, int]
) -> None:
    world = Works(job(completions=1, backoff_limit=3, **policy(*rules)))
    world.settle()
    world.end("work-0", code)
    world.settle()
    assert (world.outcome()[0], world.told().failed) == expected
    if expected[0]:
        assert world.outcome()[1] == "PodFailurePolicy"
        assert "exit code 42" in world.record().message or code == 1


def test_disruptions_can_be_ignored() -> None:
    world = Works(job(completions=1, backoff_limit=0, **policy(DISRUPTED)), hosts=["a", "b"])
    world.settle()
    place, _ = world.find("work-0")
    world.hosts = [
        host(name, taints=(Taint(key="maintenance", effect="NoExecute"),) if name == place else ())
        for name in ("a", "b")
    ]
    world.declare(*world.objects)
    world.settle()
    assert world.running() == ["work-1"]
    assert world.told().failed == 0


def test_indexes_fail_by_themselves() -> None:
    world = Works(indexed(3, parallelism=3, backoff_limit_per_index=1))
    world.settle()
    world.end("work-0-0", 1)
    assert world.plan().wake_at == world.now + 10
    world.settle()
    world.end("work-0-1", 1)
    world.settle()
    assert world.told().failed_indexes == "0"
    assert world.running() == ["work-1-0", "work-2-0"], "the others go on"
    for name in ("work-1-0", "work-2-0"):
        world.end(name)
    world.settle()
    assert world.outcome() == ("Failed", "FailedIndexes")
    assert (world.told().completed_indexes, world.told().succeeded) == ("1-2", 2)


def test_too_many_failed_indexes_end_the_job() -> None:
    rule = codes("FailIndex", 3)
    world = Works(indexed(5, parallelism=5, backoff_limit_per_index=5, max_failed_indexes=1, **policy(rule)))
    world.settle()
    world.end("work-0-0", 3)
    world.settle()
    assert (world.told().failed_indexes, world.outcome()[0]) == ("0", "")
    world.end("work-4-0", 3)
    world.settle()
    assert world.outcome() == ("Failed", "MaxFailedIndexesExceeded")
    assert world.running() == []


@pytest.mark.parametrize(
    ("rule", "done"),
    [
        (SuccessRule(succeeded_indexes="0,2"), ("work-0-0", "work-2-0")),
        (SuccessRule(succeeded_count=2), ("work-1-0", "work-3-0")),
        (SuccessRule(succeeded_indexes="1-3", succeeded_count=1), ("work-3-0",)),
    ],
)
def test_a_success_policy_ends_the_job_early(rule: SuccessRule, done: tuple[str, ...]) -> None:
    world = Works(indexed(4, parallelism=4, success_policy=SuccessPolicy(rules=(rule,))))
    world.settle()
    for name in done:
        assert world.outcome() == ("", "")
        world.end(name)
        world.settle()
    assert world.outcome() == ("Complete", "SuccessPolicy")
    assert world.running() == []
    assert world.told().failed == 0
