"""Golden files: given this, that plan. After a wanted change: ``python -m tests.planner.host.test_golden``."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.planner.host.scenarios import SCENARIOS, tell

GOLDEN = Path(__file__).parent / "golden"
ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("name", sorted(SCENARIOS))
def test_the_plan_is_the_one_that_was_read_and_approved(name: str) -> None:
    assert tell(name) == (GOLDEN / f"{name}.txt").read_text()


def test_every_golden_file_has_its_scenario() -> None:
    assert sorted(path.stem for path in GOLDEN.iterdir()) == sorted(SCENARIOS)


@pytest.mark.parametrize("seed", ["0", "1", "4711"])
def test_plans_do_not_depend_on_the_order_of_sets(seed: str) -> None:
    program = "from tests.planner.host.scenarios import *\nfor name in sorted(SCENARIOS): print(tell(name))"
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    expected = "\n".join((GOLDEN / f"{name}.txt").read_text() for name in sorted(SCENARIOS))
    assert done.stdout == expected + "\n"


if __name__ == "__main__":
    for scenario in SCENARIOS:
        (GOLDEN / f"{scenario}.txt").write_text(tell(scenario))
