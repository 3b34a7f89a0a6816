from datetime import datetime
from zoneinfo import ZoneInfo

from agent.simulator.kinds.declared import Work
from agent.simulator.laws.moment import Broken, Moment

_MINUTE = 60


class CronLaws:
    """CronJobs make jobs for times of their schedules, in their zones, and leave out none that is the latest."""

    def __init__(self) -> None:
        self._checked: dict[str, tuple[str, str, int]] = {}
        """By CronJob: schedule, zone, and the minute up to which the times were looked at."""

    def planned(self, moment: Moment) -> None:
        """Check every CronJob that is declared."""
        for name, work in moment.declared.works.items():
            if not work.schedule:
                continue
            key = f"CronJob default/{name}"
            record, known = moment.memory.crons[key], moment.before.crons.get(key)
            for job in sorted(record.jobs.keys() - (known.jobs.keys() if known is not None else ())):
                minute = int(job.rpartition("-")[2])
                if not _matches(work, minute) or minute * _MINUTE > moment.now:
                    raise Broken(f"{job} is begun, for {_local(work, minute)}, at {moment.now}: {work.schedule}")
            if work.policy == "Allow" and not work.suspended:
                self._missed(name, work, max(record.last, record.since), moment.now)

    def _missed(self, name: str, work: Work, last: float, now: float) -> None:
        until = int(now // _MINUTE)
        schedule, zone, checked = self._checked.get(name, ("", "", 0))
        first = int(last // _MINUTE) + 1
        if (schedule, zone) == (work.schedule, work.zone):
            first = max(first, checked + 1)
        self._checked[name] = work.schedule, work.zone, until
        missed = [minute for minute in range(first, until + 1) if _matches(work, minute)]
        if missed:
            raise Broken(f"{name} made no job for {_local(work, missed[-1])}: {work.schedule}")


def _local(work: Work, minute: int) -> datetime:
    return datetime.fromtimestamp(minute * _MINUTE, ZoneInfo(work.zone))


def _matches(work: Work, minute: int) -> bool:
    """Tell whether a minute since the epoch is of a schedule, whose days say nothing."""
    local = _local(work, minute)
    minutes, hours, *_ = work.schedule.split()
    return _holds(minutes, local.minute) and _holds(hours, local.hour)


def _holds(field: str, number: int) -> bool:
    for part in field.split(","):
        base, _, step = part.partition("/")
        low, _, high = base.partition("-")
        first, last = (0, 59) if base == "*" else (int(low), int(high or low))
        if first <= number <= last and (number - first) % int(step or 1) == 0:
            return True
    return False
