"""What a job makes of what it remembers: of nothing, of another clock, of indexes that there are no longer."""

from agent.model.memory import Memory
from agent.model.objects.job import SuccessPolicy, SuccessRule
from agent.planner.workloads.job.policy import success
from tests.planner.batch.build import Works, indexed, job
from tests.planner.batch.test_job_policies import codes, policy


def test_memory_is_lost_and_a_failure_that_counts_for_nothing_still_does() -> None:
    world = Works(indexed(1, backoff_limit=0, **policy(codes("Ignore", 42))))
    world.settle()
    world.end("work-0-0", 42)
    world.settle()
    world.memory = Memory()
    world.settle()
    assert (world.running(), world.told().failed) == (["work-0-1"], 0)


def test_memory_is_lost_and_failures_of_an_index_still_count_for_it() -> None:
    world = Works(indexed(2, parallelism=2, backoff_limit_per_index=1))
    world.settle()
    world.end("work-0-0", 1)
    world.settle()
    world.memory = Memory()
    world.settle()
    world.end("work-0-1", 1)
    world.settle()
    assert (world.told().failed_indexes, world.running()) == ("0", ["work-1-0"])


def test_a_back_off_is_no_longer_since_the_clock_was_set_back() -> None:
    for work in (job(completions=1), indexed(1, backoff_limit_per_index=5)):
        world = Works(work)
        world.settle()
        world.end(world.running()[0], 1)
        world.plan()
        world.now -= 900
        assert world.plan().wake_at == world.now + 10
        world.settle()
        assert len(world.running()) == 1


def test_a_deadline_is_no_later_than_a_whole_one_since_the_clock_was_set_back() -> None:
    world = Works(job(completions=1, active_deadline_seconds=60))
    world.settle()
    world.now -= 900
    world.at(world.now)
    world.at(world.now + 60)
    assert world.outcome() == ("Failed", "DeadlineExceeded")


def test_pods_of_a_finished_job_go_in_time_though_the_clock_was_set_back() -> None:
    world = Works(job(completions=1, ttl_seconds_after_finished=60))
    world.settle()
    world.end("work-0")
    world.settle()
    world.at(world.now - 900)
    world.at(world.now + 60)
    assert world.names() == []


def test_fewer_completions_send_away_what_runs_beyond_and_keep_what_ended() -> None:
    world = Works(indexed(4, parallelism=4))
    world.settle()
    world.end("work-3-0")
    world.settle()
    world.declare(indexed(2, parallelism=2))
    [leaving] = [one for desired in world.plan().desired.values() for one in desired.leaving]
    assert (world.short(leaving.key.name), leaving.reason) == ("work-2-0", "surplus")
    assert "more than the job needs now" in str(leaving.cause)
    world.settle()
    assert sorted(map(world.short, world.names())) == ["work-0-0", "work-1-0", "work-3-0"]
    world.still()
    world.declare(indexed(4, parallelism=4))
    world.settle()
    assert world.running() == ["work-0-0", "work-1-0", "work-2-1"]
    assert world.told().succeeded == 1


def test_a_success_policy_of_billions_of_indexes_is_read_without_counting_them_out() -> None:
    def met(rule: SuccessRule, *completed: int) -> bool:
        spec = indexed(2_000_000_000, success_policy=SuccessPolicy(rules=(rule,))).spec
        return success(spec, set(completed), len(completed)) != ""

    most = SuccessRule(succeeded_indexes="0-1999999998", succeeded_count=2)
    assert not met(most, 5, 1_999_999_999)
    assert met(most, 5, 1_999_999_998)
    some = SuccessRule(succeeded_indexes="3,7-8")
    assert not met(some, 2, 3, 6, 7, 9)
    assert met(some, 3, 7, 8)
