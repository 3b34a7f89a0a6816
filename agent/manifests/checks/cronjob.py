"""A CronJob: when jobs are made."""

from typing import Final

from agent.manifests.checks.job import check_job_spec
from agent.manifests.finding import Finding, Findings
from agent.model.objects.cronjob import CronJob
from agent.model.schedule import parse, zone_info

_LONGEST: Final = 52
"""The time of a job is added to its name, which is a label."""


def check_cron_job(body: CronJob) -> Findings:
    """Yield what is wrong with a CronJob."""
    spec, name = body.spec, body.metadata.name
    if len(name) > _LONGEST:
        message = f"the name has {len(name)} characters; jobs add their time to it, so at most {_LONGEST} are allowed"
        yield Finding(("metadata", "name"), "bad-value", message)
    yield from _schedule(spec.schedule)
    if spec.time_zone is not None:
        try:
            zone_info(spec.time_zone)
        except ValueError as error:
            yield Finding(("spec", "timeZone"), "bad-value", str(error))
    yield from check_job_spec("CronJob", spec.job_template.spec, ("spec", "jobTemplate", "spec"))


def _schedule(text: str) -> Findings:
    at = ("spec", "schedule")
    try:
        schedule = parse(text)
    except ValueError as error:
        yield Finding(at, "bad-value", str(error))
        return
    if schedule.next_after(0.0) is None:
        yield Finding(at, "bad-value", f"`{text}` is no day of any year", "check the day against the month")
