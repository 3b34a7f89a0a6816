"""What failures of a job's pods mean."""

from itertools import pairwise
from typing import Final

from agent.manifests.explain import nearest
from agent.manifests.finding import Finding, Findings, Steps
from agent.model.objects.job import JobSpec, OnExitCodes, PodFailurePolicy, PodFailureRule

_MOST_RULES: Final = 20
_MOST_CODES: Final = 255


def check_failure_policy(spec: JobSpec, policy: PodFailurePolicy, at: Steps) -> Findings:
    """Yield what is wrong with the rules of a job for failed pods."""
    if len(policy.rules) > _MOST_RULES:
        yield Finding(at, "too-large", f"there are {len(policy.rules)} rules, at most {_MOST_RULES} are allowed")
    for index, rule in enumerate(policy.rules):
        yield from _rule(spec, rule, (*at, index))


def _rule(spec: JobSpec, rule: PodFailureRule, at: Steps) -> Findings:
    if rule.action == "FailIndex" and spec.backoff_limit_per_index is None:
        message = "an index fails by itself only where `backoffLimitPerIndex` is set"
        yield Finding((*at, "action"), "bad-value", message)
    if (rule.on_exit_codes is None) != bool(rule.on_pod_conditions):
        yield Finding(at, "one-of", "exactly one of `onExitCodes`, `onPodConditions` is needed")
    if len(rule.on_pod_conditions) > _MOST_RULES:
        message = f"there are {len(rule.on_pod_conditions)} conditions, at most {_MOST_RULES} are allowed"
        yield Finding((*at, "onPodConditions"), "too-large", message)
    if rule.on_exit_codes:
        yield from _exit_codes(spec, rule.on_exit_codes, (*at, "onExitCodes"))


def _exit_codes(spec: JobSpec, codes: OnExitCodes, at: Steps) -> Findings:
    names = [container.name for container in spec.template.spec.every_container]
    if codes.container_name is not None and codes.container_name not in names:
        message = f"the pod has no container `{codes.container_name}`{nearest(codes.container_name, names)}"
        yield Finding((*at, "containerName"), "unknown-container", message)
    place = (*at, "values")
    if len(codes.values) > _MOST_CODES:
        yield Finding(
            place, "too-large", f"there are {len(codes.values)} exit codes, at most {_MOST_CODES} are allowed"
        )
    if codes.operator == "In" and 0 in codes.values:
        message = "a container that exits with 0 has not failed"
        yield Finding((*place, codes.values.index(0)), "bad-value", message)
    for index, (before, after) in enumerate(pairwise(codes.values), 1):
        if after <= before:
            yield Finding((*place, index), "bad-value", "exit codes are written in order, each once")
