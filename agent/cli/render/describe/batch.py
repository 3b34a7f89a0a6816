"""Work that ends, and work by the clock."""

from agent.cli.render.describe.lines import NONE, Pair, block, moment
from agent.cli.render.describe.parts import conditions, pods, status_of
from agent.cli.render.describe.told import Subject
from agent.model.duration import format_duration
from agent.model.kindstatus import CronJobStatus, JobStatus
from agent.model.objects.cronjob import CronJob
from agent.model.objects.job import Job


def job(subject: Subject) -> list[str]:
    """Describe a Job: what it wants, how far it is, its conditions and pods."""
    body, told = subject.body, subject.status.status if subject.status else None
    wanted: list[Pair] = []
    if isinstance(body, Job):
        spec = body.spec
        wanted = [
            ("Parallelism", str(spec.parallelism)),
            ("Completions", str(spec.completions) if spec.completions is not None else "<unset>"),
            ("Completion Mode", spec.completion_mode),
            ("Backoff Limit", str(spec.backoff_limit)),
            ("Suspend", str(spec.suspend).lower()),
        ]
    return [
        *block([*wanted, ("Status", status_of(subject)), *_progress(told, subject.now)]),
        *conditions(subject),
        *pods(subject),
    ]


def _progress(told: object, now: float) -> list[Pair]:
    if not isinstance(told, JobStatus):
        return []
    took = (told.completion_time or now) - told.start_time if told.start_time else 0.0
    return [
        ("Start Time", moment(told.start_time, now) or NONE),
        *([("Completed At", moment(told.completion_time, now))] if told.completion_time else []),
        ("Duration", format_duration(took)),
        (
            "Pods Statuses",
            f"{told.active} Active ({told.ready} Ready) / {told.succeeded} Succeeded / {told.failed} Failed",
        ),
        *([("Completed Indexes", told.completed_indexes)] if told.completed_indexes else []),
        *([("Failed Indexes", told.failed_indexes)] if told.failed_indexes else []),
    ]


def cron_job(subject: Subject) -> list[str]:
    """Describe a CronJob: when its jobs are due, which run, which are next."""
    body, told = subject.body, subject.status.status if subject.status else None
    if not isinstance(body, CronJob):
        return []
    spec, deadline = body.spec, body.spec.starting_deadline_seconds
    pairs: list[Pair] = [
        ("Schedule", spec.schedule),
        ("Time Zone", spec.time_zone or "<unset>"),
        ("Concurrency Policy", spec.concurrency_policy),
        ("Suspend", str(spec.suspend).lower()),
        ("Starting Deadline Seconds", f"{deadline}s" if deadline is not None else "<unset>"),
        ("Successful Job History Limit", str(spec.successful_jobs_history_limit)),
        ("Failed Job History Limit", str(spec.failed_jobs_history_limit)),
        ("Images", [container.image for container in spec.job_template.spec.template.spec.every_container]),
        ("Status", status_of(subject)),
    ]
    if isinstance(told, CronJobStatus):
        left = told.next_schedule_time - subject.now
        pairs += [
            ("Last Schedule Time", moment(told.last_schedule_time, subject.now) or NONE),
            ("Last Success", moment(told.last_successful_time, subject.now) or NONE),
            ("Next Schedule", f"in {format_duration(max(0.0, left))}" if told.next_schedule_time else NONE),
            ("Active Jobs", list(told.active)),
        ]
    return block(pairs)
