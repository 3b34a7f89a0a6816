from typing import Literal

from agent.model.objects.job import JobSpec
from agent.model.objects.meta import Object, ObjectMeta
from agent.model.objects.pod import PodTemplateMeta


class JobTemplate(Object, frozen=True, kw_only=True):
    """What each job of a CronJob looks like."""

    spec: JobSpec
    metadata: PodTemplateMeta = PodTemplateMeta()


class CronJobSpec(Object, frozen=True, kw_only=True):
    """When jobs are made: ``schedule`` as cron(5) writes it, in ``time_zone`` (an IANA name; UTC without)."""

    schedule: str
    job_template: JobTemplate
    time_zone: str | None = None
    concurrency_policy: Literal["Allow", "Forbid", "Replace"] = "Allow"
    starting_deadline_seconds: int | None = None
    suspend: bool = False
    successful_jobs_history_limit: int = 3
    failed_jobs_history_limit: int = 1


class CronJob(Object, frozen=True, kw_only=True):
    """Jobs by the clock."""

    metadata: ObjectMeta
    spec: CronJobSpec
    api_version: Literal["batch/v1"] = "batch/v1"
    kind: Literal["CronJob"] = "CronJob"
