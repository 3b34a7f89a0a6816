import math

import pytest

from agent.manifests.scalar import resolve


@pytest.mark.parametrize(
    ("written", "means"),
    [
        ("yes", True),
        ("Off", False),
        ("y", True),
        ("N", False),
        ("True", True),
        ("tRue", "tRue"),
        ("~", None),
        ("", None),
        ("NULL", None),
        ("12", 12),
        ("-12", -12),
        ("+12", 12),
        ("1_000", 1000),
        ("0777", 0o777),
        ("0o777", 0o777),
        ("0888", 888),
        ("0x1F", 31),
        ("-0b11", -3),
        ("1.0", 1),
        ("1.5", 1.5),
        (".5", 0.5),
        ("1e3", 1000),
        ("1e-3", 0.001),
        ("1e999", "1e999"),
        ("18446744073709551615", 2**64 - 1),
        ("18446744073709551616", 2**64),
        ("1e21", 1e21),
        ("2020-01-01", "2020-01-01"),
        ("10:30", "10:30"),
        ("1.2.3", "1.2.3"),
        ("100m", "100m"),
        ("-", "-"),
        ("_1", "_1"),
        ("web", "web"),
    ],
)
def test_go_yaml_reads_it_so(written: str, means: object) -> None:
    found = resolve(written)
    assert found == means
    assert type(found) is type(means)


@pytest.mark.parametrize("written", [".inf", "-.Inf", "+.INF", ".NaN"])
def test_not_finite(written: str) -> None:
    found = resolve(written)
    assert isinstance(found, float)
    assert not math.isfinite(found)
