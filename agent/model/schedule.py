"""Cron schedules, as Kubernetes reads them (it uses Go's robfig/cron): when a time is due, by the clocks of a zone."""

from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from agent.model.value import Value

_MACROS: Final = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_HORIZON: Final = 5
"""Years that are searched for a time: enough for every 29 February but one at the turn of a century."""
_MINUTE: Final = 60
_LAST: Final = 253_370_764_800.0
"""The year 9999 begins: datetime goes no further."""


class _Field(NamedTuple):
    name: str
    first: int
    last: int
    names: tuple[str, ...] = ()


_FIELDS: Final = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of month", 1, 31),
    _Field("month", 1, 12, _MONTHS),
    _Field("day of week", 0, 6, _DAYS),
)


class Schedule(Value, frozen=True, kw_only=True):
    """When something is due: the minutes, hours, days and months that match.

    With both days restricted, one of them matching is enough (``either_day``), as in Vixie's cron.
    """

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: tuple[int, ...]
    months: tuple[int, ...]
    weekdays: tuple[int, ...]
    either_day: bool = False

    def next_after(self, at: float, zone: str = "UTC") -> float | None:
        """Return the first time after ``at`` (seconds since the epoch) that is due by the clocks of an IANA zone.

        None when there is none within five years. A local time that is skipped when clocks go forward is not due on
        that day; one that comes twice when they go back is due twice.
        """
        return _next_after(self, at, zone)

    def on_day(self, local: datetime) -> bool:
        """Tell whether the schedule has times on the day of a local time."""
        if local.month not in self.months:
            return False
        by_month, by_week = local.day in self.days, local.isoweekday() % 7 in self.weekdays
        return (by_month or by_week) if self.either_day else (by_month and by_week)


@lru_cache(maxsize=4096)
def parse(text: str) -> Schedule:
    """Return what a schedule means; ValueError, with what would be right, when it means nothing."""
    if "TZ=" in text:
        raise ValueError("a schedule has no TZ= or CRON_TZ= of its own: name the zone in spec.timeZone")
    if text.startswith("@"):
        if text not in _MACROS:
            raise ValueError(f'"{text}" is not known: use one of {", ".join(_MACROS)}, or five fields')
        text = _MACROS[text]
    written = text.split()
    if len(written) != len(_FIELDS):
        names = ", ".join(field.name for field in _FIELDS)
        raise ValueError(f'"{text}" has {len(written)} fields instead of five: {names} (as in "30 4 * * 1-5")')
    minutes, hours, days, months, weekdays = (_field(field, part) for field, part in zip(_FIELDS, written, strict=True))
    return Schedule(
        minutes=minutes,
        hours=hours,
        days=days,
        months=months,
        weekdays=weekdays,
        either_day=not (_open(written[2]) or _open(written[4])),
    )


@lru_cache(maxsize=1024)
def zone_info(name: str) -> tzinfo:
    """Return an IANA time zone; ValueError when there is none of that name."""
    # Names come from git: ZoneInfo itself refuses those that would leave its folder.
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError) as error:
        raise ValueError(f'"{name}" is no IANA time zone: write it as in "Europe/Berlin" or "Etc/UTC"') from error


def _field(field: _Field, text: str) -> tuple[int, ...]:
    return tuple(sorted({number for part in text.split(",") for number in _range(field, part)}))


def _open(text: str) -> bool:
    """Tell whether a day field restricts nothing: ``*/2`` does, as in robfig/cron and unlike Debian's cron."""
    return any(part in {"*", "?", "*/1", "?/1"} for part in text.split(","))


def _range(field: _Field, part: str) -> range:
    whole, slash, stepped = part.partition("/")
    low, hyphen, high = whole.partition("-")
    step = _number(stepped) if slash else 1
    if step is None or step == 0:
        raise ValueError(f'{field.name} "{part}": the step after "/" is a whole number from 1')
    if whole in {"*", "?"}:
        return range(field.first, field.last + 1, step)
    first = _value(field, low, part)
    # "5/15" is "5-59/15".
    last = _value(field, high, part) if hyphen else field.last if slash else first
    if first > last:
        raise ValueError(f'{field.name} "{part}": the range ends before it begins; write it as two, with a comma')
    return range(first, last + 1, step)


def _value(field: _Field, text: str, part: str) -> int:
    if text.lower() in field.names:
        return field.names.index(text.lower()) + field.first
    number = _number(text)
    if number is None or not field.first <= number <= field.last:
        named = f", or one of {', '.join(field.names)}" if field.names else ""
        sunday = " (Sunday is 0)" if field.names == _DAYS and number == 7 else ""
        raise ValueError(f'{field.name} "{part}": a number from {field.first} to {field.last}{sunday}{named}')
    return number


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else None


@lru_cache(maxsize=4096)
def _next_after(schedule: Schedule, at: float, zone: str) -> float | None:
    if not 0 <= at < _LAST:
        return None
    there, instant = zone_info(zone), (int(at) // _MINUTE + 1) * _MINUTE
    limit = datetime.fromtimestamp(at, there).year + _HORIZON
    while (local := datetime.fromtimestamp(instant, there)).year <= limit and instant < _LAST:
        if not schedule.on_day(local):
            instant = _midnight_after(local)
        elif local.hour not in schedule.hours:
            instant += (60 - local.minute) * _MINUTE
        elif local.minute not in schedule.minutes:
            later = next((one for one in schedule.minutes if one > local.minute), 60)
            instant += (later - local.minute) * _MINUTE
        else:
            return float(instant)
    return None


def _midnight_after(local: datetime) -> int:
    """Return when the next day of a zone begins; where midnight is skipped, that is later than 0:00."""
    tomorrow = local.date() + timedelta(days=1)
    return int(datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=local.tzinfo).timestamp())
