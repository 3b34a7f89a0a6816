"""How fast replicas may change: policies, windows and bounds, by table and for any history."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.model.objects.autoscaler import ScalingBehavior, ScalingPolicy, ScalingRules
from agent.planner.autoscaling.pace import Bounds, History, kept_changes, kept_wishes, pace
from agent.planner.autoscaling.rules import Rules, rules
from tests.planner.autoscaling.build import autoscaler

NOW = 1000.0
WIDE = Bounds(1, 1000)


def behave(up: ScalingRules | None = None, down: ScalingRules | None = None) -> Rules:
    return rules(autoscaler(behavior=ScalingBehavior(scale_up=up, scale_down=down)).spec.behavior)


def pods(value: int, period: int = 60) -> ScalingPolicy:
    return ScalingPolicy(type="Pods", value=value, period_seconds=period)


def percent(value: int, period: int = 60) -> ScalingPolicy:
    return ScalingPolicy(type="Percent", value=value, period_seconds=period)


def paced(
    wish: int,
    current: int,
    held: Rules,
    *,
    wishes: History = (),
    changes: History = (),
    bounds: Bounds = WIDE,
) -> tuple[int, str]:
    found = pace(wish, current, wishes=wishes, changes=changes, bounds=bounds, rules=held, now=NOW)
    return found.replicas, found.reason


NO_WINDOW = 0


def fast(*policies: ScalingPolicy, select: str = "Max") -> ScalingRules:
    return ScalingRules(
        policies=policies,
        select_policy=select,  # type: ignore[arg-type]  # one of its words
        stabilization_window_seconds=NO_WINDOW,
    )


@pytest.mark.parametrize(
    ("wish", "current", "up", "replicas", "reason"),
    [
        (100, 1, None, 5, "ScaleUpLimit"),  # the default: four more, or twice as many
        (100, 10, None, 20, "ScaleUpLimit"),
        (7, 5, None, 7, "DesiredWithinRange"),
        (100, 10, fast(pods(2), percent(10)), 12, "ScaleUpLimit"),
        (100, 10, fast(pods(2), percent(10), select="Min"), 11, "ScaleUpLimit"),
        (100, 1, fast(percent(10)), 2, "ScaleUpLimit"),  # rounded up, or it would never grow
        (100, 10, fast(select="Disabled"), 10, "ScaleUpLimit"),
        (2000, 900, fast(percent(900)), 1000, "TooManyReplicas"),
    ],
)
def test_the_way_up(wish: int, current: int, up: ScalingRules | None, replicas: int, reason: str) -> None:
    assert paced(wish, current, behave(up)) == (replicas, reason)


@pytest.mark.parametrize(
    ("wish", "current", "down", "replicas", "reason"),
    [
        (0, 10, fast(percent(100)), 1, "TooFewReplicas"),
        (2, 10, fast(percent(50)), 5, "ScaleDownLimit"),
        (2, 10, fast(pods(1)), 9, "ScaleDownLimit"),
        (2, 10, fast(pods(1), percent(50)), 5, "ScaleDownLimit"),
        (2, 10, fast(pods(1), percent(50), select="Min"), 9, "ScaleDownLimit"),
        (2, 10, fast(select="Disabled"), 10, "ScaleDownLimit"),
        (9, 10, fast(pods(3)), 9, "DesiredWithinRange"),
    ],
)
def test_the_way_down(wish: int, current: int, down: ScalingRules, replicas: int, reason: str) -> None:
    assert paced(wish, current, behave(down=down)) == (replicas, reason)


def test_what_was_changed_within_a_period_counts() -> None:
    slow = behave(fast(pods(4)), fast(pods(4)))
    assert paced(20, 12, slow, changes=((NOW - 50, 3),))[0] == 13, "3 of 4 are used up"
    assert paced(20, 12, slow, changes=((NOW - 60, 3),))[0] == 16, "a period ago is over"
    assert paced(20, 12, slow, changes=((NOW - 50, 6),))[0] == 12, "more than allowed was added: none goes for it"
    assert paced(2, 12, slow, changes=((NOW - 50, -3),))[0] == 11
    assert paced(2, 12, slow, changes=((NOW - 50, -3), (NOW - 40, 2)))[0] == 9, "what came in between may go again"


def test_the_most_careful_wish_of_a_window_counts() -> None:
    held = behave(
        ScalingRules(stabilization_window_seconds=60, policies=(percent(1000),)),
        ScalingRules(stabilization_window_seconds=300, policies=(percent(100),)),
    )
    assert paced(3, 10, held, wishes=((NOW - 299, 8), (NOW - 100, 5)))[0] == 8
    assert paced(3, 10, held, wishes=((NOW - 300, 8), (NOW - 100, 5)))[0] == 5
    assert paced(20, 10, held, wishes=((NOW - 59, 12), (NOW - 30, 15)))[0] == 12
    assert paced(20, 10, held, wishes=((NOW - 60, 12),))[0] == 20
    assert paced(20, 10, held, wishes=((NOW - 59, 4),))[0] == 10, "a low wish does not send any away by itself"


COUNTS = st.integers(0, 60)
RULES_OF = st.builds(
    ScalingRules,
    stabilization_window_seconds=st.one_of(st.none(), st.integers(0, 600)),
    select_policy=st.sampled_from(["Max", "Min", "Disabled", None]),
    policies=st.lists(
        st.builds(
            ScalingPolicy,
            type=st.sampled_from(["Pods", "Percent"]),
            value=st.integers(1, 200),
            period_seconds=st.integers(1, 300),
        ),
        max_size=3,
    ).map(tuple),
)


@given(
    st.builds(ScalingBehavior, scale_up=RULES_OF, scale_down=RULES_OF),
    st.lists(st.tuples(st.integers(1, 100), COUNTS), min_size=1, max_size=40),
    st.integers(1, 20),
    st.integers(0, 30),
)
def test_no_history_leads_out_of_bounds_or_beyond_a_policy(
    behavior: ScalingBehavior, life: list[tuple[int, int]], least: int, more: int
) -> None:
    """Live through wishes, forgetting what is not to be kept: as if everything had been kept."""
    held, bounds = rules(behavior), Bounds(least, least + more)
    now, current = 0.0, least
    wishes: History = ()
    changes: History = ()
    every_wish: History = ()
    every_change: History = ()
    for seconds, wish in life:
        now += seconds
        found = pace(wish, current, wishes=wishes, changes=changes, bounds=bounds, rules=held, now=now)
        whole = pace(wish, current, wishes=every_wish, changes=every_change, bounds=bounds, rules=held, now=now)
        assert found == whole, "what was forgotten mattered"
        assert least <= found.replicas <= least + more
        change = found.replicas - current
        _keeps_policies(held, every_change, current, change, now)
        every_wish = (*every_wish, (now, wish))
        wishes = kept_wishes((*wishes, (now, wish)), held, now)
        if change:
            every_change = (*every_change, (now, change))
            changes = (*changes, (now, change))
        changes = kept_changes(changes, held, now)
        current = found.replicas
        assert len({count for _, count in wishes}) >= len(wishes) / 2, "a wish is remembered once a direction"


def _keeps_policies(held: Rules, changes: History, current: int, change: int, now: float) -> None:
    direction = held.up if change > 0 else held.down
    if not change:
        return
    assert direction.select != "Disabled"
    fits = [True] * (not direction.policies)
    for policy in direction.policies:
        recent = sum(count for at, count in changes if now - policy.period_seconds < at)
        begun = current - recent
        most = policy.value if policy.type == "Pods" else begun * policy.value / 100
        # What went the other way within the period leaves more room, not less.
        moved = change + recent if change > 0 else -(change + recent)
        fits.append(moved <= most + 1)
    assert any(fits) if direction.select == "Max" else all(fits)
