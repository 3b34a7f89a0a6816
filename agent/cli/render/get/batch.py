from collections.abc import Mapping
from typing import Final

from agent.cli.render.get.columns import MESSAGE, NAME, Column, Entry, body, status
from agent.model.duration import format_duration
from agent.model.kindstatus import CronJobStatus, JobStatus
from agent.model.objects.cronjob import CronJob
from agent.model.objects.job import Job


def _job(entry: Entry) -> JobStatus | None:
    found = entry.status.status if entry.status else None
    return found if isinstance(found, JobStatus) else None


def _outcome(entry: Entry, _now: float) -> str:
    found = _job(entry)
    if found is None:
        return ""
    held = [one.type for one in found.conditions if one.status == "True"]
    return next((word for word in ("Complete", "Failed", "Suspended") if word in held), "Running")


def _completions(entry: Entry, _now: float) -> str:
    found = _job(entry)
    if found is None:
        return ""
    if not isinstance(entry.body, Job):  # made by a CronJob, whose template says how many
        return str(found.succeeded)
    spec = entry.body.spec
    wanted = spec.completions if spec.completions is not None else f"1 of {spec.parallelism}"
    return f"{found.succeeded}/{wanted}"


def _duration(entry: Entry, now: float) -> str:
    found = _job(entry)
    if found is None or not found.start_time:
        return ""
    return format_duration((found.completion_time or now) - found.start_time)


def _last(entry: Entry, now: float) -> str:
    found = entry.status.status if entry.status else None
    at = found.last_schedule_time if isinstance(found, CronJobStatus) else 0.0
    return format_duration(now - at) if at else "<none>"


def _active(entry: Entry, _now: float) -> str:
    found = entry.status.status if entry.status else None
    return str(len(found.active)) if isinstance(found, CronJobStatus) else "0"


COLUMNS: Final[Mapping[str, tuple[Column, ...]]] = {
    "Job": (
        NAME,
        Column(title="STATUS", cell=_outcome),
        Column(title="COMPLETIONS", cell=_completions),
        Column(title="DURATION", cell=_duration),
        Column(title="FAILED", cell=lambda entry, _now: str(found.failed) if (found := _job(entry)) else "", wide=True),
        MESSAGE,
    ),
    "CronJob": (
        NAME,
        Column(title="SCHEDULE", cell=body(CronJob, lambda one: one.spec.schedule)),
        Column(title="TIMEZONE", cell=body(CronJob, lambda one: one.spec.time_zone or "<none>")),
        Column(title="SUSPEND", cell=body(CronJob, lambda one: str(one.spec.suspend))),
        Column(title="ACTIVE", cell=_active),
        Column(title="LAST SCHEDULE", cell=_last),
        Column(title="STATUS", cell=status(lambda found: found.phase), wide=True),
        MESSAGE,
    ),
}
