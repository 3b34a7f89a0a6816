"""Cron schedules mean what they mean to Kubernetes, which reads them with robfig/cron."""

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.model.schedule import parse, zone_info

NEW_YORK = "America/New_York"


def at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def due(schedule: str, after: str, zone: str = "UTC") -> str | None:
    found = parse(schedule).next_after(at(after), zone)
    return None if found is None else datetime.fromtimestamp(found, zone_info(zone)).isoformat(timespec="minutes")


@pytest.mark.parametrize(
    ("schedule", "after", "expected"),
    [
        ("* * * * *", "2026-07-09T14:45:59Z", "2026-07-09T14:46"),
        ("0/15 * * * *", "2026-07-09T14:45:00Z", "2026-07-09T15:00"),
        ("20-35/15 * * * *", "2026-07-09T14:46:00Z", "2026-07-09T15:20"),
        ("5,40 9-17 * * *", "2026-07-09T17:40:00Z", "2026-07-10T09:05"),
        ("0 0 29 2 *", "2025-03-01T00:00:00Z", "2028-02-29T00:00"),
        ("0 0 30 2 *", "2026-01-01T00:00:00Z", None),
        ("0 12 * jul-SEP Mon", "2026-09-29T00:00:00Z", "2027-07-05T12:00"),
        ("@hourly", "2026-07-09T23:30:00Z", "2026-07-10T00:00"),
        ("@weekly", "2026-07-09T23:30:00Z", "2026-07-12T00:00"),
        ("@yearly", "2026-07-09T23:30:00Z", "2027-01-01T00:00"),
        # Both days restricted: one is enough. With an open one, both have to match.
        ("0 0 13 * 5", "2026-07-09T00:00:00Z", "2026-07-10T00:00"),
        ("0 0 13 * 5", "2026-07-10T00:00:00Z", "2026-07-13T00:00"),
        ("0 0 13 * *", "2026-07-09T00:00:00Z", "2026-07-13T00:00"),
        ("0 0 ? * 5", "2026-07-10T00:00:00Z", "2026-07-17T00:00"),
        # A step restricts, too: odd days, or Fridays.
        ("0 0 */2 * 5", "2026-07-09T00:00:00Z", "2026-07-10T00:00"),
    ],
)
def test_next_time(schedule: str, after: str, expected: str | None) -> None:
    assert due(schedule, after) == (f"{expected}+00:00" if expected else None)


@pytest.mark.parametrize(
    ("schedule", "after", "expected"),
    [
        # Clocks go forward at 2:00 on 11 March 2012: 2:00 to 2:59 does not exist.
        ("0 * * * *", "2012-03-11T01:00-05:00", "2012-03-11T03:00-04:00"),
        ("30 2 * * *", "2012-03-11T00:00-05:00", "2012-03-12T02:30-04:00"),
        ("30 2 11 3 *", "2012-03-11T00:00-05:00", "2013-03-11T02:30-04:00"),
        ("0 3 * * *", "2012-03-11T00:00-05:00", "2012-03-11T03:00-04:00"),
        # They go back at 2:00 on 4 November: 1:00 to 1:59 comes twice.
        ("0 * * * *", "2012-11-04T01:00-04:00", "2012-11-04T01:00-05:00"),
        ("0 1 * * *", "2012-11-04T00:00-04:00", "2012-11-04T01:00-04:00"),
        ("0 1 * * *", "2012-11-04T01:00-04:00", "2012-11-04T01:00-05:00"),
        ("0 1 * * *", "2012-11-04T01:00-05:00", "2012-11-05T01:00-05:00"),
        ("30 2 4 11 *", "2012-11-04T00:00-04:00", "2012-11-04T02:30-05:00"),
    ],
)
def test_daylight_saving(schedule: str, after: str, expected: str) -> None:
    assert due(schedule, after, NEW_YORK) == expected


def test_where_midnight_is_skipped() -> None:
    assert due("0 0 * * *", "2018-11-03T00:00-03:00", "America/Sao_Paulo") == "2018-11-05T00:00-02:00"
    assert due("30 1 4 11 *", "2018-11-03T00:00-03:00", "America/Sao_Paulo") == "2018-11-04T01:30-02:00"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "0 fields instead of five"),
        ("* * * *", "4 fields instead of five"),
        ("0 0 * * * *", "6 fields"),
        ("60 * * * *", 'minute "60": a number from 0 to 59'),
        ("* * 0 * *", 'day of month "0"'),
        ("* * * * 7", "Sunday is 0"),
        ("* * * foo *", "one of jan, feb"),
        ("*/0 * * * *", "from 1"),
        ("5-1 * * * *", "ends before it begins"),
        ("1,, * * * *", 'minute ""'),
        ("1-2-3 * * * *", 'minute "1-2-3"'),
        ("\u0661 * * * *", "minute"),
        ("@every 1h", "@hourly"),
        ("CRON_TZ=UTC 0 0 * * *", "spec.timeZone"),
    ],
)
def test_refused(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=re.escape(told)):
        parse(text)


@pytest.mark.parametrize("name", ["", "Nowhere/City", "../../etc/passwd", "/etc/localtime", "America", "Local"])
def test_no_zone(name: str) -> None:
    with pytest.raises(ValueError, match="IANA"):
        zone_info(name)


FIELD = st.sampled_from(["*", "*/7", "3", "1-4", "2,5", "3/2"])


@settings(max_examples=60)
@given(
    fields=st.tuples(FIELD, FIELD, FIELD, FIELD, FIELD),
    start=st.integers(1_600_000_000, 1_900_000_000),
    zone=st.sampled_from(["UTC", "Europe/Berlin", NEW_YORK, "Australia/Lord_Howe", "Asia/Kathmandu"]),
)
def test_nothing_is_left_out(fields: tuple[str, ...], start: int, zone: str) -> None:
    """The next time matches, and no minute before it does."""
    schedule, there = parse(" ".join(fields)), zone_info(zone)

    def matches(instant: float) -> bool:
        local = datetime.fromtimestamp(instant, there)
        return schedule.on_day(local) and local.hour in schedule.hours and local.minute in schedule.minutes

    found = schedule.next_after(start, zone)
    assert found is not None
    assert found > start
    assert matches(found)
    begin = start // 60 * 60 + 60
    assert not any(matches(instant) for instant in range(begin, min(int(found), begin + 86_400 * 2), 60))


def test_a_clock_that_is_off_ends_nothing() -> None:
    assert parse("* * * * *").next_after(-5.0) is None
    assert parse("* * * * *").next_after(1e15) is None
    assert datetime.fromtimestamp(parse("@daily").next_after(0.0) or 0, UTC).day == 2
