"""What the API server fills into jobs."""

from typing import Final

from msgspec.structs import replace

from agent.manifests.defaults.pod import default_template
from agent.model.objects.cronjob import CronJobSpec
from agent.model.objects.job import JobSpec

_FAILURES: Final = 6
_ANY_NUMBER: Final = 2**31 - 1


def default_job(spec: JobSpec) -> JobSpec:
    """Return a job that says how many pods must succeed, and how many may fail."""
    limit = spec.backoff_limit
    if limit is None:
        limit = _FAILURES if spec.backoff_limit_per_index is None else _ANY_NUMBER
    completions = 1 if spec.completions is None and spec.parallelism == 1 else spec.completions
    return replace(spec, template=default_template(spec.template), backoff_limit=limit, completions=completions)


def default_cron_job(spec: CronJobSpec) -> CronJobSpec:
    """Return a CronJob whose jobs have their defaults."""
    return replace(spec, job_template=replace(spec.job_template, spec=default_job(spec.job_template.spec)))
