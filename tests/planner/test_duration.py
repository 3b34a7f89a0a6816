"""Durations are shown as kubectl shows ages."""

import pytest

from agent.model.duration import format_duration

MINUTE, HOUR, DAY = 60, 3600, 86_400


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (-5, "0s"),
        (119.9, "119s"),
        (120, "2m"),
        (200, "3m20s"),
        (10 * MINUTE + 30, "10m"),
        (179 * MINUTE, "179m"),
        (3 * HOUR, "3h"),
        (7 * HOUR + 59 * MINUTE, "7h59m"),
        (8 * HOUR + 59 * MINUTE, "8h"),
        (47 * HOUR, "47h"),
        (2 * DAY, "2d"),
        (7 * DAY + 23 * HOUR, "7d23h"),
        (8 * DAY + 23 * HOUR, "8d"),
        (729 * DAY, "729d"),
        (731 * DAY, "2y1d"),
        (9 * 365 * DAY, "9y"),
    ],
)
def test_an_age_is_shown_as_by_kubectl(seconds: float, shown: str) -> None:
    assert format_duration(seconds) == shown
