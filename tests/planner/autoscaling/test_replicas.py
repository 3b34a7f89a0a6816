"""The replica calculator against what Kubernetes' own comes to."""

import pytest

from agent.model.objects.autoscaler import ScalingBehavior, ScalingRules
from agent.planner.autoscaling.replicas import MOST, Amounts, Sample, by_pods, by_share, by_value
from agent.planner.autoscaling.rules import rules

RULES = rules(None)


def calculated(
    used: list[int],
    current: int,
    *,
    percent: int = 50,
    request: int = 1000,
    unready: int = 0,
    missing: int = 0,
    behavior: ScalingBehavior | None = None,
) -> int:
    """Return the replicas for pods that use this much CPU, in thousandths."""
    sample = Sample(
        {f"p{number}": amount for number, amount in enumerate(used)},
        tuple(f"u{number}" for number in range(unready)),
        tuple(f"m{number}" for number in range(missing)),
    )

    def ratio(found: Amounts) -> float:
        return (sum(found.values()) * 100 // (request * len(found))) / percent

    assumed = request * max(100, percent) // 100
    return by_pods(sample, ratio, assumed=assumed, current=current, rules=rules(behavior))


@pytest.mark.parametrize(
    ("used", "current", "percent", "others", "wanted"),
    [
        # Cases of Kubernetes' own tests.
        ([300, 500, 700], 3, 30, (0, 0), 5),
        ([500, 700], 2, 30, (0, 0), 4),
        ([400], 3, 30, (2, 0), 3),  # two that start take what there is too much
        ([100, 300, 500, 250, 250], 5, 50, (0, 0), 3),
        ([100, 300, 500], 5, 50, (2, 0), 2),  # on the way down they count for nothing
        ([100], 5, 50, (4, 0), 1),
        ([1000], 2, 100, (0, 1), 2),  # one without a measurement
        ([1900], 2, 100, (0, 1), 2),
        ([600], 2, 100, (0, 1), 2),
        ([200, 200, 200, 200], 5, 50, (0, 1), 4),  # it may use all of its request
        ([450], 3, 50, (1, 1), 3),  # that would turn the direction round
        ([2000], 3, 50, (1, 1), 4),
        ([100, 100], 4, 50, (1, 1), 3),
        # And around them.
        ([583] * 9, 10, 50, (1, 0), 10),  # with the one that starts it is near enough
        ([1000, 950], 2, 100, (0, 0), 2),
        ([0, 0], 2, 50, (0, 0), 0),
    ],
)
def test_replicas_follow_use(used: list[int], current: int, percent: int, others: tuple[int, int], wanted: int) -> None:
    unready, missing = others
    assert calculated(used, current, percent=percent, unready=unready, missing=missing) == wanted


def test_a_missing_pod_counts_for_its_target_where_that_is_more_than_its_request() -> None:
    # Two pods at 60 % where 300 % is meant. The third one may use as much: with 100 % one pod would do for all.
    assert calculated([600, 600], 3, percent=300, missing=1) == 2


@pytest.mark.parametrize(
    ("used", "up", "down", "wanted"),
    [
        (540, None, None, 4),  # 54 / 50 is within a tenth
        (540, "0.05", None, 5),
        (460, None, None, 4),
        (460, None, "0", 4),  # 46/50*4 = 3.68, rounded up
        (300, None, "0.5", 4),
        (800, "1", None, 4),
        (800, "0.5", None, 7),
    ],
)
def test_tolerance_is_each_directions_own(used: int, up: str | None, down: str | None, wanted: int) -> None:
    behavior = ScalingBehavior(scale_up=ScalingRules(tolerance=up), scale_down=ScalingRules(tolerance=down))
    assert calculated([used] * 4, 4, behavior=behavior) == wanted


@pytest.mark.parametrize(
    ("ratio", "ready", "current", "wanted"),
    [(2.0, 3, 3, 6), (1.05, 3, 3, 3), (0.5, 3, 4, 2), (0.0, 3, 3, 0), (2.0, 0, 3, 0), (1e300, 3, 3, MOST)],
)
def test_a_value_is_reached_by_ready_pods(ratio: float, ready: int, current: int, wanted: int) -> None:
    assert by_value(ratio, ready=ready, current=current, rules=RULES) == wanted


@pytest.mark.parametrize(
    ("value", "target", "pods", "wanted"),
    [(8600, 2000, 3, 5), (6000, 2000, 3, 3), (6500, 2000, 3, 3), (1000, 2000, 3, 1), (4000, 2000, 0, 2)],
)
def test_a_share_is_what_each_pod_gets(value: int, target: int, pods: int, wanted: int) -> None:
    assert by_share(value, target, pods=pods, rules=RULES) == wanted
