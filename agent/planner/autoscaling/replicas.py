"""How many replicas one metric asks for: Kubernetes' replica calculator, in whole thousandths as there."""

from collections.abc import Callable, Mapping
from math import ceil
from typing import Final, NamedTuple

from agent.planner.autoscaling.rules import Rules

MOST: Final = 2**31 - 1
"""Kubernetes counts replicas in 32 bits."""
Amounts = Mapping[str, int]
"""What pods use, by name."""


class Sample(NamedTuple):
    """The pods of a target: what those use that count, those too young to tell, and those without a measurement."""

    used: Amounts
    unready: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


def by_pods(sample: Sample, ratio_of: Callable[[Amounts], float], *, assumed: int, current: int, rules: Rules) -> int:
    """Return the replicas for what pods use; ``ratio_of`` tells how that relates to the target.

    Towards fewer replicas a pod without a measurement is taken to use as much as ``assumed``, towards more nothing at
    all; so are pods too young to tell. What would turn the direction round by that changes nothing.
    """
    ratio = ratio_of(sample.used)
    waits = bool(sample.unready) and ratio > 1
    if not waits and not sample.missing:
        return current if rules.tolerable(ratio) else _whole(ratio * len(sample.used))
    used = dict(sample.used)
    if ratio != 1:
        used.update(dict.fromkeys(sample.missing, assumed if ratio < 1 else 0))
    if waits:
        used.update(dict.fromkeys(sample.unready, 0))
    again = ratio_of(used)
    wanted = _whole(again * len(used))
    turned = (ratio - 1) * (again - 1) < 0 or (again < 1 and wanted > current) or (again > 1 and wanted < current)
    return current if turned or rules.tolerable(again) else wanted


def by_value(ratio: float, *, ready: int, current: int, rules: Rules) -> int:
    """Return the replicas for a metric of the outside that should have a certain value."""
    return current if rules.tolerable(ratio) else _whole(ratio * ready)


def by_share(value: int, target: int, *, pods: int, rules: Rules) -> int:
    """Return the replicas for a metric of the outside of which each pod should have a certain share."""
    if pods and rules.tolerable(value / (target * pods)):
        return pods
    return _whole(value / target)


def _whole(replicas: float) -> int:
    return ceil(max(0, min(replicas, MOST)))
