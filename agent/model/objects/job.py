from typing import Literal

from agent.model.objects.meta import Object, ObjectMeta
from agent.model.objects.pod import PodTemplate


class OnExitCodes(Object, frozen=True, kw_only=True):
    """Exit codes of a container (of any, without ``container_name``) that a rule is about."""

    operator: Literal["In", "NotIn"]
    values: tuple[int, ...]
    container_name: str | None = None


class OnPodCondition(Object, frozen=True, kw_only=True):
    """A condition of a failed pod that a rule is about."""

    type: str
    status: Literal["True", "False", "Unknown"] = "True"


class PodFailureRule(Object, frozen=True, kw_only=True):
    """What a failed pod means for its job; exactly one of the two requirements."""

    action: Literal["FailJob", "FailIndex", "Ignore", "Count"]
    on_exit_codes: OnExitCodes | None = None
    on_pod_conditions: tuple[OnPodCondition, ...] = ()


class PodFailurePolicy(Object, frozen=True, kw_only=True):
    """Rules for failed pods: the first that matches counts."""

    rules: tuple[PodFailureRule, ...]


class SuccessRule(Object, frozen=True, kw_only=True):
    """Which indexes (``0-3,7``), or how many of them, make the whole job a success."""

    succeeded_indexes: str | None = None
    succeeded_count: int | None = None


class SuccessPolicy(Object, frozen=True, kw_only=True):
    """Rules for when an Indexed job is done early: one that holds is enough."""

    rules: tuple[SuccessRule, ...]


class JobSpec(Object, frozen=True, kw_only=True):
    """Pods that run to their end, so many times, so many at once. ``completions`` None: one success ends the job."""

    template: PodTemplate
    parallelism: int = 1
    completions: int | None = None
    """1 by defaulting when parallelism is 1, which comes to the same."""
    completion_mode: Literal["NonIndexed", "Indexed"] = "NonIndexed"
    backoff_limit: int | None = None
    """Set by defaulting: 6, and as good as none with ``backoff_limit_per_index``."""
    backoff_limit_per_index: int | None = None
    max_failed_indexes: int | None = None
    pod_failure_policy: PodFailurePolicy | None = None
    success_policy: SuccessPolicy | None = None
    active_deadline_seconds: int | None = None
    ttl_seconds_after_finished: int | None = None
    suspend: bool = False
    pod_replacement_policy: Literal["TerminatingOrFailed", "Failed"] | None = None


class Job(Object, frozen=True, kw_only=True):
    """Work that ends."""

    metadata: ObjectMeta
    spec: JobSpec
    api_version: Literal["batch/v1"] = "batch/v1"
    kind: Literal["Job"] = "Job"
