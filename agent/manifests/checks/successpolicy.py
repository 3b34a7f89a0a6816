"""When an Indexed job has succeeded early."""

from typing import Final

from agent.manifests.finding import Finding, Findings, Steps
from agent.model.objects.job import SuccessPolicy, SuccessRule

_MOST_RULES: Final = 20


def check_success_policy(policy: SuccessPolicy, indexes: int, at: Steps) -> Findings:
    """Yield what is wrong with the rules by which a job of so many indexes is done early."""
    if len(policy.rules) > _MOST_RULES:
        yield Finding(at, "too-large", f"there are {len(policy.rules)} rules, at most {_MOST_RULES} are allowed")
    for number, rule in enumerate(policy.rules):
        yield from _rule(rule, indexes, (*at, number))


def _rule(rule: SuccessRule, indexes: int, at: Steps) -> Findings:
    if rule.succeeded_indexes is None and rule.succeeded_count is None:
        yield Finding(at, "one-of", "`succeededIndexes`, `succeededCount` or both are needed")
    among = indexes
    if rule.succeeded_indexes is not None:
        place = (*at, "succeededIndexes")
        ranges = [_bounds(part) for part in rule.succeeded_indexes.split(",")]
        bounds = [bound for first, last in ranges for bound in ((first,) if first == last else (first, last))]
        if any(first > last for first, last in ranges) or bounds != sorted({*bounds}):
            yield Finding(place, "bad-value", "indexes are written in order, each once")
            return
        if bounds[-1] >= indexes:
            message = f"there is no index {bounds[-1]}: the job has {indexes}, from 0 on"
            yield Finding(place, "bad-value", message)
        among = sum(last - first + 1 for first, last in ranges)
    if rule.succeeded_count is not None and rule.succeeded_count > among:
        message = f"{rule.succeeded_count} of {among} indexes cannot succeed"
        yield Finding((*at, "succeededCount"), "bad-value", message)


def _bounds(part: str) -> tuple[int, int]:
    first, _, last = part.partition("-")
    return int(first), int(last or first)
