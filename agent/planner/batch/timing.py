"""When a CronJob is due: the latest time that has come and was not made up for, and how many were missed."""

from typing import Final, NamedTuple

from agent.model.memory import CronRecord
from agent.model.objects.cronjob import CronJobSpec
from agent.model.schedule import Schedule, parse

MANY: Final = 100
"""Kubernetes warns beyond this many missed times."""
_MINUTE: Final = 60.0


class Due(NamedTuple):
    """``at`` is the latest time that is due, None for none; ``missed`` those before it; ``next`` the next to come."""

    at: float | None
    missed: int
    next: float | None


def due(spec: CronJobSpec, record: CronRecord, now: float) -> Due:
    """Return what is due. Raises ValueError for a schedule or a zone that means nothing.

    Counted from the last job, or from when the CronJob was first seen; never further back than the starting deadline.
    A clock that was set back makes nothing due a second time.
    """
    schedule, zone = parse(spec.schedule), spec.time_zone or "UTC"
    earliest = max(record.last, record.since)
    if spec.starting_deadline_seconds is not None:
        earliest = max(earliest, now - spec.starting_deadline_seconds)
    first = schedule.next_after(earliest, zone)
    if first is None or first > now:
        # While the clock is behind the last job, the next is the first one after that.
        return Due(None, 0, first)
    latest = _latest(schedule, zone, first, now)
    return Due(latest, _count(schedule, zone, first, latest), schedule.next_after(now, zone))


def _latest(schedule: Schedule, zone: str, first: float, now: float) -> float:
    """Return the last due time until now, found by halves: there may be many."""
    low, high, latest = first, now, first
    while high - low > _MINUTE:
        middle = (low + high) / 2
        found = schedule.next_after(middle, zone)
        if found is not None and found <= now:
            low = latest = found
        else:
            high = middle
    last = schedule.next_after(latest, zone)
    return last if last is not None and last <= now else latest


def _count(schedule: Schedule, zone: str, first: float, latest: float) -> int:
    """Return how many times there were before the latest; more than 100 are not told apart."""
    found, at = 0, first
    while at < latest and found <= MANY:
        found += 1
        at = schedule.next_after(at, zone) or latest
    return found
