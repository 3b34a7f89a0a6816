"""Pods of a job that do not end by themselves: lost, evicted, told to stop."""

import pytest
from msgspec.structs import replace

from agent.model.objects.host import Taint
from agent.model.objects.job import Job, OnPodCondition, PodFailurePolicy, PodFailureRule
from agent.model.strain import Strain
from tests.planner.batch.build import Works, indexed, job
from tests.planner.fleet.build import host
from tests.planner.pressure import victim

DISRUPTED = PodFailureRule(action="Ignore", on_pod_conditions=(OnPodCondition(type="DisruptionTarget"),))


def test_a_pod_on_a_lost_host_is_replaced_and_counts_as_failed() -> None:
    world = Works(job(completions=2, parallelism=2))
    world.settle()
    place, _ = world.find("work-1")
    before = world.lose(place)
    world.act()
    assert world.running() == ["work-0"], "not before the pod bears it no more"
    world.now += 301
    world.settle()
    assert world.running() == ["work-0", "work-2"]
    assert world.told().failed == 1
    world.observations[place] = before
    world.settle()
    assert world.running() == ["work-0", "work-2"], "the one that came back is one too many"
    for name in ("work-0", "work-2"):
        world.end(name)
    world.settle()
    assert (world.told().succeeded, world.outcome()[0]) == (2, "Complete")
    world.still()


def test_a_lost_pod_that_had_succeeded_counts_while_its_place_is_open() -> None:
    for make in (job(completions=2, parallelism=2), indexed(2, parallelism=2)):
        world = Works(make)
        world.settle()
        name = next(one for one in world.running() if one.startswith("work-1"))
        place, _ = world.find(name)
        world.end(name)
        after = world.observations[place]
        world.observations[place] = after
        world.lose(place, forget=True)
        world.now += 301
        world.settle()
        assert len(world.running()) == 2
        world.observations[place] = after
        world.settle()
        assert world.told().succeeded == 1
        assert len(world.running()) == 1, "the one that took its place is one too many now"
        world.still()


def test_a_pod_of_a_host_that_left_git_is_made_elsewhere_under_another_name() -> None:
    world = Works(job(completions=1), hosts=["a", "b"])
    world.settle()
    place, _ = world.find("work-0")
    world.hosts = [one for one in world.hosts if one.metadata.name != place]
    del world.observations[place]
    world.declare(job(completions=1))
    world.settle()
    assert world.running() == ["work-1"]
    assert world.told().failed == 1


def test_an_evicted_pod_fails_and_is_not_moved() -> None:
    world = Works(job(completions=1), hosts=["a", "b"])
    world.settle()
    place, _ = world.find("work-0")
    taint = Taint(key="maintenance", effect="NoExecute")
    world.hosts = [
        host(one.metadata.name, taints=(taint,) if one.metadata.name == place else ()) for one in world.hosts
    ]
    world.declare(job(completions=1))
    world.settle()
    assert world.running() == ["work-1"]
    assert world.find("work-1")[0] != place
    assert world.told().failed == 1
    world.still()


@pytest.mark.parametrize("first", ["fleet", "host", "pod"])
def test_a_pod_that_gives_way_to_the_pressure_on_its_host_fails_and_is_not_moved(first: str) -> None:
    """Whoever of the planners sees it first, and also if it ends well when it is told to stop."""
    world = Works(job(completions=1), hosts=["a", "b"])
    world.settle()
    place, name = world.find("work-0")
    before, seen = world.plan(), world.seen(place)
    strain = Strain(shortages=("MemoryPressure",), victims=(victim(name, seen, kind="Job"),))
    world.observations[place] = replace(seen, strain=strain)
    if first == "host":
        [(_, action)] = world.actions(before)
        world.do(place, action)
    elif first == "pod":
        world.end("work-0", 0)
    world.settle()
    assert world.running() == ["work-1"]
    assert world.find("work-1")[0] != place
    assert (world.told().failed, world.told().succeeded) == (1, 0)
    world.still()


def test_a_lost_pod_and_its_replacement_that_both_succeed_count_once() -> None:
    world = Works(job(completions=1))
    world.settle()
    place, _ = world.find("work-0")
    world.end("work-0")
    after = world.observations[place]
    world.lose(place, forget=True)
    world.now += 301
    world.settle()
    world.end("work-1")
    world.observations[place] = after
    world.settle()
    assert (world.told().succeeded, world.told().failed) == (1, 1)
    assert world.outcome()[0] == "Complete"


def test_a_pod_that_ends_well_because_it_was_told_to_stop_has_not_done_its_work() -> None:
    world = Works(job(completions=1), hosts=["a", "b"])
    world.settle()
    place, _ = world.find("work-0")
    taint = Taint(key="maintenance", effect="NoExecute")
    world.hosts = [host(name, taints=(taint,) if name == place else ()) for name in ("a", "b")]
    world.declare(job(completions=1))
    world.plan()
    world.end("work-0")
    world.settle()
    assert (world.told().succeeded, world.told().failed) == (0, 1)
    assert world.running() == ["work-1"]


def test_never_two_in_one_place_where_only_failed_pods_are_replaced() -> None:
    world = Works(job(completions=1, pod_replacement_policy="Failed"), hosts=["a", "b"])
    world.settle()
    place, _ = world.find("work-0")
    before = world.lose(place)
    world.now += 301
    assert world.settle() == [], "it may still run"
    off = Taint(key="node.kubernetes.io/out-of-service", effect="NoExecute")
    world.hosts = [host(name, taints=(off,) if name == place else ()) for name in ("a", "b")]
    world.declare(job(completions=1, pod_replacement_policy="Failed"))
    world.settle()
    assert world.running() == ["work-1"]
    world.observations[place] = before
    world.settle()
    assert world.running() == ["work-1"]


def sent_away(spared: Job) -> tuple[Works, str]:
    """Return a world of two hosts, and the one that is lost once the job's pod was told to leave it."""
    world = Works(spared, hosts=["a", "b"])
    world.settle()
    place, _ = world.find("work-0")
    world.hosts = [host(name, drain=name == place) for name in ("a", "b")]
    world.declare(spared)
    world.plan()
    world.end("work-0", 137)
    return world, place


def test_a_pod_that_was_told_to_go_has_not_failed_by_itself_however_long_its_host_is_lost_meanwhile() -> None:
    spared = job(completions=1, pod_failure_policy=PodFailurePolicy(rules=(DISRUPTED,)))
    world, place = sent_away(spared)
    stopped = world.lose(place, forget=True)
    for _ in range(3):
        world.now += 301
        assert world.settle() == [], "it may still run"
    world.observations[place] = stopped
    world.settle()
    assert world.running() == ["work-1"]
    assert world.told().failed == 0


def test_a_pod_that_was_told_to_go_is_replaced_once_a_person_says_that_its_host_is_off() -> None:
    spared = job(completions=1, pod_replacement_policy="Failed")
    world, place = sent_away(spared)
    world.lose(place, forget=True)
    world.now += 301
    assert world.settle() == [], "it may still run"
    off = Taint(key="node.kubernetes.io/out-of-service", effect="NoExecute")
    world.hosts = [host(name, taints=(off,) if name == place else ()) for name in ("a", "b")]
    world.declare(spared)
    world.settle()
    assert world.running() == ["work-1"]


def test_a_job_is_finished_when_its_last_pod_has_stopped() -> None:
    world = Works(job(completions=2, parallelism=2, backoff_limit=0))
    world.settle()
    world.end("work-0", 1)
    world.plan()
    assert [one.type for one in world.told().conditions] == ["FailureTarget"]
    assert world.told().terminating == 1
    world.settle()
    assert [one.type for one in world.told().conditions] == ["FailureTarget", "Failed"]


def test_long_names_and_hosts_nobody_has_seen() -> None:
    name = "a-job-with-a-name-that-is-as-long-as-names-of-jobs-may-be-at-all"[:63]
    world = Works(indexed(2, parallelism=2, name=name))
    world.settle()
    [first, _] = [one for found in world.pods().values() for one in found]
    world.lose(world.host_of(first), forget=True)
    world.now += 301
    world.settle()
    assert world.told(name).failed == 1


def test_a_pod_that_runs_for_too_long_has_failed() -> None:
    world = Works(job(completions=1, backoff_limit=0, pod={"active_deadline_seconds": 30}))
    world.settle()
    assert world.outcome()[0] == "Failed", "a world settles by living through all of it"


def test_a_pod_that_ended_is_kept_with_its_logs_though_an_agent_that_comes_later_cannot_see_its_host() -> None:
    world = Works(job(completions=1))
    world.settle()
    place, _ = world.find("work-0")
    world.end("work-0")
    world.settle()
    before = world.lose(place, forget=True)
    world.settle()
    assert (world.told().succeeded, world.outcome()[0]) == (1, "Complete")
    world.observations[place] = before
    assert world.settle() == []
    assert world.find("work-0")[0] == place
