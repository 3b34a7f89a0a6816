"""Whatever the clock does and however often the agent restarts: no time has two jobs, and the latest has one."""

from datetime import datetime

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.model.memory import Memory
from agent.model.schedule import parse
from tests.planner.batch.build import Works, cron_job

EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("wait"), st.sampled_from([1, 30, 59, 60, 61, 300, 3600, 5400, 90_000])),
        st.tuples(st.just("back"), st.sampled_from([1, 60, 3600, 100_000])),
        st.tuples(st.just("end"), st.sampled_from([0, 1])),
        st.tuples(st.just("restart"), st.just(0)),
    ),
    max_size=14,
)
SCHEDULES = st.sampled_from(["* * * * *", "*/5 * * * *", "30 * * * *", "0 1,2 * * *", "30 1 * * *", "@daily"])
STARTS = st.sampled_from(["2026-03-28T22:59:30+00:00", "2026-10-24T22:30:00+00:00", "2026-07-01T12:00:00+00:00"])
ZONES = st.sampled_from([None, "Europe/Berlin", "America/Sao_Paulo"])


@settings(max_examples=60, deadline=None)
@given(
    schedule=SCHEDULES,
    start=STARTS,
    zone=ZONES,
    policy=st.sampled_from(["Allow", "Forbid", "Replace"]),
    events=EVENTS,
)
def test_never_twice_for_one_time(
    schedule: str, start: str, zone: str | None, policy: str, events: list[tuple[str, int]]
) -> None:
    world = Works(cron_job(schedule, time_zone=zone, concurrency_policy=policy))
    world.now = began = latest = datetime.fromisoformat(start).timestamp()
    started: list[float] = []
    known: set[str] = set()
    for what, amount in (("wait", 0), *events):
        match what:
            case "wait":
                world.now += amount
            case "back":
                world.now -= amount
            case "end":
                for name in world.running():
                    world.end(name, amount)
            case "restart":
                world.memory = msgspec.json.decode(msgspec.json.encode(world.memory), type=Memory)
        before = world.now
        for _ in range(8):
            world.act()
            world.now = before
            jobs = world.cron().jobs
            assert not [name for name in jobs if name not in known and jobs[name] in started], "twice for one time"
            started += [jobs[name] for name in sorted(jobs) if name not in known]
            known |= set(jobs)
        latest = max(latest, world.now)
        found = parse(schedule)
        assert all(found.next_after(at - 1, zone or "UTC") == at for at in started), "only when it is due"
        assert all(began < at <= latest for at in started)
        if policy != "Forbid":
            last = world.cron().last or began
            following = found.next_after(last, zone or "UTC")
            assert following is not None
            assert following > world.now, "the latest time is made up for"
        else:
            assert len([name for name in jobs if not world.record(name).finished_at]) <= 1
