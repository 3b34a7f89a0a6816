"""A Job, and the jobs of a CronJob: how many pods run to their end, and what a failure means."""

import re
from typing import Final

from agent.manifests.checks.failurepolicy import check_failure_policy
from agent.manifests.checks.successpolicy import check_success_policy
from agent.manifests.checks.workload import check_template
from agent.manifests.finding import Finding, Findings, Steps
from agent.model.objects.job import Job, JobSpec

_MANY: Final = 100_000
"""Indexes: beyond, Kubernetes bounds what may run and fail at once. Other pods: their names take five digits."""
_FEW: Final = 10_000
_LONGEST: Final = 63
"""The job's name is the value of a label of its pods."""
_HOST_NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")


def check_job(body: Job) -> Findings:
    """Yield what is wrong with a Job."""
    name, spec = body.metadata.name, body.spec
    if len(name) > _LONGEST:
        message = f"the name has {len(name)} characters, and is a label of the pods, at most {_LONGEST}"
        yield Finding(("metadata", "name"), "bad-value", message)
    elif spec.completion_mode == "Indexed":
        host_name = f"{name}-{(spec.completions or 1) - 1}"
        if len(host_name) > _LONGEST or not _HOST_NAME.fullmatch(host_name):
            message = f"pods of this Indexed job have host names such as `{host_name}`, which is none"
            hint = f"take lower-case letters, digits and `-`, {_LONGEST} characters with the index"
            yield Finding(("metadata", "name"), "bad-value", message, hint)
    yield from check_job_spec("Job", spec, ("spec",))


def check_job_spec(kind: str, spec: JobSpec, at: Steps) -> Findings:
    """Yield what is wrong with the spec of a job."""
    yield from check_template(kind, spec.template, (*at, "template"))
    yield from _restarts(spec, at)
    if spec.completion_mode == "Indexed":
        yield from _indexed(spec, at)
    else:
        yield from _only_indexed(spec, at)
        yield from _numbered(spec, at)
    if spec.max_failed_indexes is not None and spec.backoff_limit_per_index is None:
        message = "indexes fail by `backoffLimitPerIndex` only"
        yield Finding((*at, "maxFailedIndexes"), "missing-field", message, "write how many failures each index bears")
    if spec.pod_failure_policy:
        yield from check_failure_policy(spec, spec.pod_failure_policy, (*at, "podFailurePolicy", "rules"))
    if spec.pod_failure_policy and spec.pod_replacement_policy == "TerminatingOrFailed":
        message = "with a podFailurePolicy a pod counts when it is gone, so only `Failed` is possible"
        yield Finding((*at, "podReplacementPolicy"), "bad-value", message)


def _restarts(spec: JobSpec, at: Steps) -> Findings:
    place, policy = (*at, "template", "spec", "restartPolicy"), spec.template.spec.restart_policy
    if policy == "Always":
        message = "pods of a job end, so they do not always restart"
        hint = "write Never, for a new pod after a failure, or OnFailure, for the same pod"
        yield Finding(place, "bad-value", message, hint)
    elif policy == "OnFailure" and spec.pod_failure_policy:
        message = "a podFailurePolicy is about pods that fail, and with `OnFailure` they restart instead"
        yield Finding(place, "bad-value", message, "write Never")


def _only_indexed(spec: JobSpec, at: Steps) -> Findings:
    fields = {
        "backoffLimitPerIndex": spec.backoff_limit_per_index,
        "maxFailedIndexes": spec.max_failed_indexes,
        "successPolicy": spec.success_policy,
    }
    for field, value in fields.items():
        if value is not None:
            message = f"`{field}` is about indexes, which pods of this job do not have"
            yield Finding((*at, field), "bad-value", message, "write completionMode: Indexed", at_key=True)


def _numbered(spec: JobSpec, at: Steps) -> Findings:
    for field, value in {"completions": spec.completions, "parallelism": spec.parallelism}.items():
        if value is not None and value > _MANY:
            message = f"pods of a job that is not Indexed are numbered here, from 0 to {_MANY - 1}"
            yield Finding((*at, field), "too-large", message, "write completionMode: Indexed, or let a pod do more")


def _indexed(spec: JobSpec, at: Steps) -> Findings:
    if spec.completions is None and spec.parallelism != 1:
        yield Finding((*at, "completions"), "missing-field", "an Indexed job says how many indexes it has")
    if spec.parallelism > _MANY:
        yield Finding((*at, "parallelism"), "bad-value", f"an Indexed job runs at most {_MANY} pods at once")
    indexes, failed = spec.completions or 0, spec.max_failed_indexes
    if failed is not None and failed > indexes and spec.completions is not None:
        yield Finding((*at, "maxFailedIndexes"), "bad-value", f"there are {indexes} indexes only")
    if indexes > _MANY and spec.backoff_limit_per_index is not None:
        yield from _very_many(spec, at)
    if spec.success_policy:
        yield from check_success_policy(spec.success_policy, indexes, (*at, "successPolicy", "rules"))


def _very_many(spec: JobSpec, at: Steps) -> Findings:
    why = f"of more than {_MANY} indexes with a backoffLimitPerIndex"
    if spec.max_failed_indexes is None:
        yield Finding((*at, "maxFailedIndexes"), "missing-field", f"a job {why} says how many of them may fail")
    elif spec.max_failed_indexes > _FEW:
        yield Finding((*at, "maxFailedIndexes"), "bad-value", f"{why} at most {_FEW} may fail")
    if spec.parallelism > _FEW:
        yield Finding((*at, "parallelism"), "bad-value", f"{why} at most {_FEW} run at once")
