"""What a job makes of the ends of its pods: podFailurePolicy and successPolicy."""

from collections.abc import Set as AbstractSet
from typing import Literal, NamedTuple

from agent.model.objects.job import JobSpec, OnExitCodes, PodFailureRule
from agent.planner.workloads.job.ending import Ending
from agent.planner.workloads.job.indexes import count_in, read_ranges

Action = Literal["FailJob", "FailIndex", "Ignore", "Count"]


class Verdict(NamedTuple):
    """What one failed pod means, and why, where it means the end of the job."""

    action: Action
    why: str = ""


def judge(spec: JobSpec, pod: str, end: Ending) -> Verdict:
    """Return what a failed pod means: what the first rule that matches says, else that it counts."""
    for place, rule in enumerate(spec.pod_failure_policy.rules if spec.pod_failure_policy is not None else ()):
        if matched := _match(rule, end):
            return Verdict(rule.action, f"{matched} of pod {pod} matching {rule.action} rule at index {place}")
    return Verdict("Count")


def _match(rule: PodFailureRule, end: Ending) -> str:
    """Return what of a pod a rule is about; empty when it is not about this one."""
    if rule.on_exit_codes is not None:
        asked = rule.on_exit_codes
        found = next(((name, code) for name, code in end.codes if _matches_code(asked, name, code)), None)
        return f"container {found[0]} failed with exit code {found[1]}" if found else ""
    for one in rule.on_pod_conditions:
        if end.conditions.get(one.type) == one.status:
            return f"condition {one.type} is {one.status}"
    return ""


def _matches_code(asked: OnExitCodes, container: str, code: int) -> bool:
    if asked.container_name is not None and asked.container_name != container:
        return False
    return (code in asked.values) == (asked.operator == "In")


def success(spec: JobSpec, completed: AbstractSet[int], succeeded: int) -> str:
    """Return why an Indexed job is done before all of its indexes are; empty when it is not.

    ``succeeded`` counts those of ``completed`` that the job has still.
    """
    for place, rule in enumerate(spec.success_policy.rules if spec.success_policy is not None else ()):
        asked = read_ranges(rule.succeeded_indexes or "")
        done = count_in(asked, completed) if asked else succeeded
        least = sum(map(len, asked)) if rule.succeeded_count is None else rule.succeeded_count
        if done >= least:
            return f"Matched rules at index {place}"
    return ""
