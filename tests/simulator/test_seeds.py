"""Hundreds of fleets, each through faults of its own: every law at every step, and convergence in the end."""

import os

import pytest

from agent.simulator import simulate

SEEDS = int(os.environ.get("TRIMTAB_SEEDS", "240"))
CHUNK = 20


@pytest.mark.parametrize("first", range(0, SEEDS, CHUNK))
def test_fleets_keep_every_law_and_converge(first: int) -> None:
    for seed in range(first, min(first + CHUNK, SEEDS)):
        simulate(seed)


def test_a_seed_repeats_its_run() -> None:
    assert simulate(7) == simulate(7)
    assert simulate(7) != simulate(8)
