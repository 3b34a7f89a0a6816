"""The unit is valid and hardened: systemd's own tools say so."""

import re
import shutil
import subprocess
from pathlib import Path

from agent.cli import VERBS
from agent.cli.service.health import TURN

UNIT = Path(__file__).parents[2] / "systemd" / "trimtab.service"


def _analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    tool = shutil.which("systemd-analyze")
    assert tool, "systemd-analyze is missing: install the package systemd"
    return subprocess.run([tool, *arguments], capture_output=True, text=True, timeout=60, check=False)


def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path: Path) -> None:
    command = tmp_path / "trimtab"
    command.write_text("#!/bin/sh\n")
    command.chmod(0o755)
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text().replace("/usr/local/bin/trimtab", str(command)))
    checked = _analyze("verify", "--man=no", str(unit))
    assert (checked.returncode, checked.stderr.strip()) == (0, "")


def test_the_unit_is_hardened() -> None:
    scored = _analyze("security", "--offline=true", "--no-pager", str(UNIT))
    exposure = re.search(r"Overall exposure level for \S+: (\d+\.\d+)", scored.stdout)
    assert exposure, scored.stdout + scored.stderr
    assert float(exposure[1]) <= 2.0


def test_the_unit_may_open_the_files_of_thousands_of_hosts() -> None:
    """Three for each host, and systemd's own limit is 1024."""
    (most,) = re.findall(r"^LimitNOFILE=(\d+)$", UNIT.read_text(), re.MULTILINE)
    assert int(most) >= 3 * 10_000


def test_the_unit_may_start_the_threads_of_thousands_of_hosts() -> None:
    """Twenty for each host at work, and systemd's own limit is 4915 on many machines."""
    assert re.findall(r"^TasksMax=(\S+)$", UNIT.read_text(), re.MULTILINE) == ["infinity"]


def test_the_watchdog_waits_for_more_than_a_turn_of_the_control_loop() -> None:
    (limit,) = re.findall(r"^WatchdogSec=(\d+)s$", UNIT.read_text(), re.MULTILINE)
    assert int(limit) >= 2 * TURN


def test_the_unit_runs_what_the_command_line_has() -> None:

    (start,) = re.findall(r"^ExecStart=(.+)$", UNIT.read_text(), re.MULTILINE)
    assert start.split()[1] in VERBS
