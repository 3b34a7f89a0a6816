"""What `make machines` runs: this checkout's own targets inside each machine, and the tests that hold the machine."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from lab.errors import LabError
from lab.machines.machine import Machine, is_fast

_FOLDER: Final = "/root/trimtab"


def _make(target: str) -> Callable[[Machine, Path], bool]:
    def make(machine: Machine, checkout: Path) -> bool:
        machine.push(checkout, _FOLDER)
        return _passes(machine.ssh(f"make -C {_FOLDER} {target}"))

    return make


def _hold(machine: Machine, checkout: Path) -> bool:
    """Run the tests that hold the machine from outside, and the agent as its service."""
    tests = [sys.executable, "-m", "pytest", "-m", "machine", str(checkout / "tests/machines")]
    return _passes(tests, TRIMTAB_MACHINE=machine.release)


def _passes(command: Sequence[str], **environment: str) -> bool:
    return subprocess.run(command, env={**os.environ, **environment}, check=False).returncode == 0


STEPS: Final = {"held": _hold, "check": _make("check"), "demo": _make("demo"), "test": _make("test")}
_BY_EMULATION: Final = ("held", "check")
"""The others hold the agent to real time, which an emulated processor does not keep."""


def run(releases: Sequence[str], only: Sequence[str] | None, checkout: Path) -> int:
    """Run steps on each release, one machine after another; print a table and return 0 when all passed."""
    steps = only or (tuple(STEPS) if is_fast() else _BY_EMULATION)
    if not is_fast():
        print("no KVM on a processor of its own here: machines are emulated and slow", flush=True)
    rows = [(release, *_results(release, steps, checkout)) for release in releases]
    for row in (("", *steps), *rows):
        print("  ".join(f"{cell:<16}" for cell in row))
    return 0 if all(cell.startswith("passed") for row in rows for cell in row[1:]) else 1


def _results(release: str, steps: Sequence[str], checkout: Path) -> list[str]:
    print(f"==> {release}: booting", flush=True)
    try:
        with Machine.up(release) as machine:
            return [_result(machine, step, checkout) for step in steps]
    except LabError as problem:
        print(f"machines: {problem}", file=sys.stderr)
        return ["did not boot" for _ in steps]


def _result(machine: Machine, step: str, checkout: Path) -> str:
    print(f"==> {machine.release}: {step}", flush=True)
    began = time.monotonic()
    passed = STEPS[step](machine, checkout)
    return f"{'passed' if passed else 'FAILED'} {time.monotonic() - began:.0f} s"
