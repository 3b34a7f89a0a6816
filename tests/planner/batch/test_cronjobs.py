"""A CronJob makes a job for each time that comes, once."""

from agent.model.memory import Memory
from agent.model.objects.cronjob import CronJob
from tests.planner.batch.build import Works, cron_job, job
from tests.planner.fleet.build import container

FIVE = 300.0


def works(cron: CronJob | None = None) -> Works:
    """Return a world at 1000 s: times of `*/5` are 1200, 1500, 1800 …"""
    world = Works(cron or cron_job())
    world.settle()
    return world


def test_a_job_for_each_time_named_after_it() -> None:
    world = works()
    assert world.jobs() == []
    assert world.plan().due_at == 1200
    assert world.plan().wake_at is None, "nobody waits for what is due some day"
    assert world.ticks().next_schedule_time == 1200
    world.at(1200)
    assert world.jobs() == ["tick-20"]
    assert world.running() == ["tick-20-0"]
    assert (world.ticks().active, world.ticks().last_schedule_time) == (("tick-20",), 1200)
    world.end_all()
    assert world.ticks().active == ()
    assert world.ticks().last_successful_time == world.record("tick-20").finished_at
    world.still()
    world.at(1500)
    assert world.jobs() == ["tick-20", "tick-25"]
    assert world.running() == ["tick-25-0"]
    world.still()


def test_one_that_is_declared_now_starts_counting_now() -> None:
    world = Works(cron_job(starting_deadline_seconds=5000))
    world.now = 1200
    world.settle()
    assert world.jobs() == []


def test_the_agent_was_away_and_the_latest_is_made_up_for() -> None:
    world = works()
    world.at(1200)
    world.end_all()
    world.at(2750)
    assert world.jobs() == ["tick-20", "tick-45"]
    assert world.cron().missed == 4
    world.still()


def test_more_than_a_hundred_missed_times_are_told() -> None:
    world = works(cron_job("* * * * *"))
    world.at(1000 + 150 * 60)
    assert world.jobs() == ["tick-166"]
    assert "more than 100 times were missed" in world.status("tick", "CronJob").message


def test_a_time_too_long_ago_is_let_go() -> None:
    world = works(cron_job(starting_deadline_seconds=60))
    world.at(1261)
    assert world.jobs() == []
    world.at(1559)
    assert world.jobs() == ["tick-25"]


def test_a_clock_that_jumps_makes_nothing_twice() -> None:
    world = works()
    world.at(1200)
    world.end_all()
    world.at(1000)
    world.at(1200)
    world.at(1205)
    assert world.jobs() == ["tick-20"]
    world.at(86_400)
    assert sorted(world.cron().jobs.values()) == [1200, 86_400]
    world.at(1500)
    world.at(1800)
    assert sorted(world.cron().jobs.values()) == [1200, 86_400]


def test_allow_runs_them_side_by_side() -> None:
    world = works()
    world.at(1200)
    world.at(1500)
    assert world.running() == ["tick-20-0", "tick-25-0"]
    assert world.ticks().active == ("tick-20", "tick-25")


def test_forbid_waits_for_the_one_before_and_then_starts_late() -> None:
    world = works(cron_job(concurrency_policy="Forbid"))
    world.at(1200)
    world.at(1560)
    assert world.running() == ["tick-20-0"]
    assert "waits for tick-20 to end" in world.status("tick", "CronJob").message
    world.end_all()
    assert world.running() == ["tick-25-0"]
    world.still()


def test_forbid_with_a_deadline_skips() -> None:
    world = works(cron_job(concurrency_policy="Forbid", starting_deadline_seconds=30))
    world.at(1200)
    world.at(1560)
    world.end_all()
    assert world.running() == []
    assert world.jobs() == ["tick-20"]


def test_replace_stops_the_one_before() -> None:
    world = works(cron_job(concurrency_policy="Replace"))
    world.at(1200)
    world.at(1500)
    assert world.running() == ["tick-25-0"]
    assert world.jobs() == ["tick-25"]
    assert list(world.memory.jobs) == ["Job default/tick-25"]
    assert len(world.names()) == 1
    world.still()


def test_history_is_kept_within_limits() -> None:
    world = works(cron_job(work={"completions": 1, "backoff_limit": 0}))
    for number, code in enumerate((0, 1, 0, 1, 0, 0)):
        world.at(1200 + number * FIVE)
        world.end_all(code)
    assert world.jobs() == ["tick-30", "tick-35", "tick-40", "tick-45"]
    assert [world.record(name).outcome for name in world.jobs()] == ["Complete", "Failed", "Complete", "Complete"]
    assert len(world.names()) == 4, "pods of older jobs went with them"
    assert sorted(world.cron().jobs) == world.jobs()
    world.still()


def test_no_history_at_all() -> None:
    world = works(cron_job(successful_jobs_history_limit=0))
    world.at(1200)
    world.end_all()
    assert (world.jobs(), world.names()) == ([], [])
    assert world.ticks().last_successful_time > 0
    world.still()


def test_a_job_whose_time_after_its_end_is_over_goes() -> None:
    world = works(cron_job("0 * * * *", work={"completions": 1, "ttl_seconds_after_finished": 60}))
    world.at(3600)
    world.end_all()
    finished = world.record("tick-60").finished_at
    assert world.plan().due_at == finished + 60
    world.at(finished + 60)
    assert (world.jobs(), world.names()) == ([], [])
    world.still()


def test_suspended_it_starts_nothing_and_resumed_the_latest() -> None:
    world = works(cron_job(suspend=True))
    assert world.plan().due_at is None
    world.at(1700)
    assert world.jobs() == []
    world.declare(cron_job())
    world.settle()
    assert world.jobs() == ["tick-25"]


def test_a_changed_template_is_for_jobs_to_come() -> None:
    world = works()
    world.at(1200)
    world.end_all()
    world.at(1500)
    world.declare(cron_job("*/5 * * * *", container("app:2")))
    world.settle()
    assert world.running() == ["tick-25-0"]
    world.still()
    world.at(1800)
    images = {one.config.image.split("/")[-1] for place in "abc" for one in world.seen(place).containers}
    assert images == {"app:1", "app:2"}
    assert world.record("tick-20").outcome == "Complete"


def test_memory_is_lost_and_nothing_runs_again() -> None:
    world = works()
    world.at(1200)
    world.end_all()
    world.at(1500)
    world.memory = Memory()
    world.settle()
    assert world.jobs() == ["tick-20", "tick-25"]
    assert world.running() == ["tick-25-0"]
    assert world.cron().last == 1500
    world.at(1800)
    assert world.running() == ["tick-25-0", "tick-30-0"]


def test_memory_is_lost_and_what_an_older_template_made_does_not_run_again() -> None:
    world = works()
    world.at(1200)
    world.end_all()
    world.memory = Memory()
    world.declare(cron_job("*/5 * * * *", container("app:2")))
    world.settle()
    assert (world.jobs(), world.names()) == ([], [])
    world.at(1500)
    assert world.jobs() == ["tick-25"]


def test_a_cron_job_that_leaves_git_takes_its_jobs_along() -> None:
    world = works()
    world.at(1200)
    world.declare()
    world.settle()
    assert (world.jobs(), world.names(), world.memory.crons) == ([], [], {})


def test_a_job_that_somebody_declared_under_the_name_stays_theirs() -> None:
    world = Works(cron_job(), job(name="tick-20", completions=1))
    world.settle()
    world.at(1200)
    assert world.jobs() == ["tick-20"]
    assert world.cron().jobs == {}
    assert world.cron().last == 1200


def test_a_zone_of_its_own() -> None:
    world = works(cron_job("30 2 * * *", time_zone="Asia/Kathmandu"))
    assert world.ticks().next_schedule_time == 86_400 - 3 * 3600


def test_the_agent_restarts_with_a_host_out_of_sight() -> None:
    world = works()
    world.at(1200)
    place, _ = world.find("tick-20-0")
    world.lose(place, forget=True)
    world.settle()
    world.now += 301
    world.settle()
    assert world.told("tick-20").failed == 1
    assert "tick-20-1" in world.running()


def test_memory_is_lost_with_the_host_that_the_last_job_ran_on() -> None:
    world = works()
    world.at(1200)
    world.end_all()
    world.at(1500)
    place, _ = world.find("tick-25-0")
    world.lose(place, forget=True)
    world.memory = Memory()
    world.settle()
    world.still()
    assert "tick-25" not in world.jobs(), "not a second time"
    assert world.running() == []
