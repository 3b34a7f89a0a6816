"""How fast replicas may change: stabilisation, policies, bounds. Kubernetes' rules with ``behavior``."""

from collections.abc import Iterable, Sequence
from math import ceil
from typing import Final, NamedTuple

from agent.planner.autoscaling.replicas import MOST
from agent.planner.autoscaling.rules import Direction, Rules

History = tuple[tuple[float, int], ...]
"""When, and how many: wishes, or changes."""
_AS_WANTED: Final = "the desired count is within the acceptable range"


class Bounds(NamedTuple):
    """The fewest and the most replicas."""

    least: int
    most: int

    def clamp(self, replicas: int) -> int:
        """Return the nearest count within the bounds."""
        return max(self.least, min(replicas, self.most))


class Pace(NamedTuple):
    """What becomes of a wish: ``steady`` is it after stabilisation, ``replicas`` after all; why, in Kubernetes' words.

    ``reason`` is what holds it back, or ``DesiredWithinRange``.
    """

    steady: int
    replicas: int
    reason: str
    message: str


def pace(
    wish: int, current: int, *, wishes: History, changes: History, bounds: Bounds, rules: Rules, now: float
) -> Pace:
    """Return how many replicas there are to be now, when there should be as many as a wish says."""
    steady = _stabilised(wish, current, wishes, rules, now)
    if steady > current:
        limit = max(current, _furthest(current, changes, rules.up, now, sign=1))
        if steady > min(limit, bounds.most):
            if limit < bounds.most:
                why = "ScaleUpLimit", "the desired replica count is increasing faster than the maximum scale rate"
            else:
                why = "TooManyReplicas", "the desired replica count is more than the maximum replica count"
            return Pace(steady, min(limit, bounds.most), *why)
    elif steady < current:
        limit = min(current, _furthest(current, changes, rules.down, now, sign=-1))
        if steady < max(limit, bounds.least):
            if limit > bounds.least:
                why = "ScaleDownLimit", "the desired replica count is decreasing faster than the maximum scale rate"
            else:
                why = "TooFewReplicas", "the desired replica count is less than the minimum replica count"
            return Pace(steady, max(limit, bounds.least), *why)
    return Pace(steady, steady, "DesiredWithinRange", _AS_WANTED)


def _stabilised(wish: int, current: int, wishes: History, rules: Rules, now: float) -> int:
    """Go up only as far as the lowest, and down only as far as the highest wish of the window."""
    up = min([wish, *_within(wishes, rules.up.window, now)])
    down = max([wish, *_within(wishes, rules.down.window, now)])
    return min(max(current, up), down)


def _within(history: History, seconds: float, now: float) -> list[int]:
    return [count for at, count in history if now - seconds < at <= now]


def _furthest(current: int, changes: History, rules: Direction, now: float, *, sign: int) -> int:
    """Return how far the policies of a direction let replicas go."""
    if rules.select == "Disabled":
        return current
    if not rules.policies:
        return MOST if sign > 0 else 0
    proposals = []
    for policy in rules.policies:
        begun = current - sum(_within(changes, policy.period_seconds, now))
        if policy.type == "Pods":
            proposals.append(begun + sign * policy.value)
        elif sign > 0:
            # Rounded up: a small count would never grow.
            proposals.append(min(MOST, ceil(begun * (1 + policy.value / 100))))
        else:
            proposals.append(int(begun * (1 - policy.value / 100)))
    furthest, nearest = (max, min) if sign > 0 else (min, max)
    return furthest(proposals) if rules.select == "Max" else nearest(proposals)


def kept_wishes(wishes: Iterable[tuple[float, int]], rules: Rules, now: float) -> History:
    """Return the wishes that can still decide anything: in a window, and not outdone by a later one both ways."""
    longest = max(rules.up.window, rules.down.window)
    recent = [(at, count) for at, count in wishes if now - longest < at <= now]
    kept: list[tuple[float, int]] = []
    highest, lowest = -1, MOST + 1
    for at, count in reversed(recent):
        if count > highest or count < lowest:
            kept.append((at, count))
        highest, lowest = max(highest, count), min(lowest, count)
    return tuple(reversed(kept))


def kept_changes(changes: Sequence[tuple[float, int]], rules: Rules, now: float) -> History:
    """Return the changes that a policy may still reckon with."""
    longest = max(rules.up.longest, rules.down.longest)
    return tuple((at, count) for at, count in changes if now - longest < at <= now)
