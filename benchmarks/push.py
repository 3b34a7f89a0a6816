"""`git push` into the watched repository: how long until containerd gets the first call that the commit asked for."""

import re
import statistics
import time
from datetime import datetime

from benchmarks.stage import stage
from tests.e2e.fleet import Fleet, eventually
from tests.e2e.manifests import pod

ROUNDS = 7


def run() -> dict[str, object]:
    with stage(1) as fleet:
        fleet.push("nothing yet")
        with fleet.agent():
            eventually(lambda: all(host["seen"] for host in fleet.json("status", check=None)["hosts"]))
            times = [_push(fleet, number) for number in range(ROUNDS)]
    starts, ends = zip(*times, strict=True)
    return {
        "from the start of git push, seconds": statistics.median(starts),
        "from the end of git push, seconds": statistics.median(ends),
    }


def _push(fleet: Fleet, number: int) -> tuple[float, float]:
    name = f"push-{number}"
    fleet.write(f"{name}.yaml", pod(name))
    fleet.git("add", "--all")
    fleet.git("commit", "--quiet", "--message", name)
    started = time.time()
    fleet.git("push", "--quiet", "origin", "HEAD:main")
    ended = time.time()
    called = eventually(lambda: _first_call(fleet, name))
    return called - started, called - ended


def _first_call(fleet: Fleet, name: str) -> float:
    """When containerd logged the call for this pod's sandbox; 0 until it has."""
    log = (fleet.lab.hosts[0].data / "var/log/containerd.log").read_text()
    for line in log.splitlines():
        if "RunPodSandbox for" in line and f"Name:{name}," in line:
            match = re.search(r'time="([^"]+)"', line)
            if match:
                return datetime.fromisoformat(match[1]).timestamp()
    return 0.0
