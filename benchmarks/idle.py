"""An agent with nothing to do for a minute: three hosts with 60 pods in all. CPU seconds and memory of its process."""

import os
import time
from pathlib import Path

from benchmarks.stage import push_pods, rows, stage
from tests.e2e.fleet import eventually

SECONDS = 60


def run() -> dict[str, object]:
    with stage(3) as fleet:
        push_pods(fleet, 60)
        with fleet.agent() as agent:
            eventually(lambda: rows(fleet) == 60, within=120)
            fleet.settle()
            before = _cpu_seconds(agent.pid)
            time.sleep(SECONDS)
            used = _cpu_seconds(agent.pid) - before
            memory = _resident_bytes(agent.pid)
    return {"CPU seconds a minute": used, "resident MB": memory / 1e6}


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    return sum(int(ticks) for ticks in fields[11:13]) / os.sysconf("SC_CLK_TCK")


def _resident_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
