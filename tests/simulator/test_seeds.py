"""Hundreds of fleets, each through faults of its own: every law at every step, and convergence in the end."""

import os

import pytest

from agent.simulator import Chaos, simulate
from agent.simulator.__main__ import main

SEEDS = int(os.environ.get("TRIMTAB_SEEDS", "240"))
KINDS = int(os.environ.get("TRIMTAB_SEEDS_OF_KINDS", "60"))
STORMS = int(os.environ.get("TRIMTAB_SEEDS_OF_STORMS", "60"))
CHUNK = 20
FOUND: tuple[tuple[Chaos, int], ...] = (
    ("every-kind", 167),
    ("every-kind", 207),
    ("every-kind", 510),
    ("every-kind", 903380),
    ("plain", 2067),
    ("plain", 3053),
    ("plain", 42190),
    ("storm", 8031),
    ("storm", 8050),
    ("storm", 8051),
    ("storm", 8151),
    ("storm", 9158),
    ("storm", 9290),
    ("storm", 9370),
)
"""Seeds that broke a law.

DaemonSets relied on pods that were only meant to be on a host out of sight. Pods of a job that was not kept, and the
pause after a failure, lasted for as long as the clock was set back. Pods of an older template were restarted in the
midst of a rollout, since what they read had changed. The first template of a StatefulSet was forgotten while a host out
of sight made a pod of it. A job's pod that was told to go counted as failed by itself when its host was lost before it
had gone. The judge took pods for running on a machine of which a person had said that it is off. An agent that began
again took pods down whose probes it had not made yet. The judge knew of a sandbox's removal before the agent could. A
pod of which two copies were given up was taken for alive. A half-made pod of a DaemonSet that is updated OnDelete
stayed half-made. A pod of an older template was made again with other variables, and restarted when git went back.
The judge took a pod that had been told to leave a host, which nobody saw any more, for one that was placed there.
"""


@pytest.mark.parametrize("first", range(0, SEEDS, CHUNK))
def test_fleets_keep_every_law_and_converge(first: int) -> None:
    for seed in range(first, min(first + CHUNK, SEEDS)):
        simulate(seed)


@pytest.mark.parametrize("first", range(0, KINDS, CHUNK // 2))
def test_fleets_of_every_kind_keep_every_law_and_converge(first: int) -> None:
    for seed in range(first, min(first + CHUNK // 2, KINDS)):
        simulate(seed, "every-kind")


@pytest.mark.parametrize("first", range(0, STORMS, CHUNK // 2))
def test_fleets_that_people_operate_in_a_storm_keep_every_law_and_converge(first: int) -> None:
    for seed in range(first, min(first + CHUNK // 2, STORMS)):
        simulate(seed, "storm")


@pytest.mark.parametrize(("chaos", "seed"), FOUND)
def test_what_was_found_once_stays_mended(chaos: Chaos, seed: int) -> None:
    simulate(seed, chaos)


def test_the_command_shows_all_of_one_seed_and_little_of_many(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--every-kind", "1"]) == 0
    *story, last = capsys.readouterr().out.splitlines()
    assert (story, last) == ([*simulate(1, "every-kind")], "seed 1: converged, every law kept")
    assert main(["1", "2"]) == 0
    assert capsys.readouterr().out.count("\n") == 2


@pytest.mark.parametrize(("words", "said"), [(["--help"], "--storm"), (["--storm"], "SEED"), (["seven"], "'seven'")])
def test_the_command_explains_itself(capsys: pytest.CaptureFixture[str], words: list[str], said: str) -> None:
    with pytest.raises(SystemExit):
        main(words)
    told = capsys.readouterr()
    assert said in told.out + told.err


def test_a_seed_repeats_its_run() -> None:
    assert simulate(3, "every-kind") == simulate(3, "every-kind")
    assert simulate(3, "storm") == simulate(3, "storm")
    assert simulate(7) == simulate(7)
    assert simulate(7) != simulate(8)
