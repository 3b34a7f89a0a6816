"""20 and 60 pods from nothing, on one host and on three: trimtab against the floor and against podman kube play.

trimtab is measured as users have it: an agent that is running and connected; the clock runs from just before the
`git push` until containerd shows every container running. The image is on the hosts beforehand, for everybody.
"""

import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from benchmarks import floor
from benchmarks.stage import push_pods, rows, stage, wipe
from lab import images
from tests.e2e.fleet import Fleet, eventually
from tests.e2e.manifests import pod

ROUNDS = 3
THREADS = (2, 4, 8)


def run() -> dict[str, object]:
    measured: dict[str, object] = {}
    for hosts in (1, 3):
        for count in (20, 60):
            with stage(hosts) as fleet:
                measured[f"{count} pods on {hosts} host{'s' if hosts > 1 else ''}"] = _compare(fleet, count)
    return measured


def _compare(fleet: Fleet, count: int) -> dict[str, float]:
    image = fleet.lab.images.reference("app", "1.0")
    bare: dict[int, list[float]] = {threads: [] for threads in THREADS}
    ours: list[float] = []
    podman: list[float] = []
    for _ in range(ROUNDS):  # in turn, so that a slow minute of the machine hits everybody
        for threads in THREADS:
            bare[threads].append(floor.start_pods(fleet.lab.hosts, count, image, threads))
            wipe(fleet)
        ours.append(_trimtab(fleet, count))
        wipe(fleet)
        if len(fleet.lab.hosts) == 1:
            podman.append(_podman(count))
    best = min(statistics.median(times) for times in bare.values())
    result = {"floor seconds": best, "trimtab seconds": statistics.median(ours)}
    result["trimtab / floor"] = result["trimtab seconds"] / best
    if podman:
        result["podman kube play seconds"] = statistics.median(podman)
        result["podman / floor"] = result["podman kube play seconds"] / best
    return result


def _trimtab(fleet: Fleet, count: int) -> float:
    fleet.push("nothing yet", **{"pods.yaml": ""})
    with fleet.agent():
        eventually(lambda: all(host["seen"] for host in fleet.json("status", check=None)["hosts"]))
        started = time.perf_counter()
        push_pods(fleet, count)
        eventually(lambda: rows(fleet) == count, within=120)
        return time.perf_counter() - started


def _podman(count: int) -> float:
    """`podman kube play` of the same pods, in its own storage, removed afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        podman = ["podman", "--root", str(root / "root"), "--runroot", str(root / "run"), "--cgroup-manager=cgroupfs"]
        archive = root / "app.tar"
        archive.write_bytes(images.archive(images.build("app", "1.0", []), "localhost/app:1.0"))
        _run([*podman, "load", "--quiet", "--input", str(archive)])
        manifest = root / "pods.yaml"
        texts = [pod(f"p{number:03}").replace("registry/app:1.0", "localhost/app:1.0") for number in range(count)]
        manifest.write_text("---\n".join(texts))
        started = time.perf_counter()
        _run([*podman, "kube", "play", "--quiet", str(manifest)])
        taken = time.perf_counter() - started
        _run([*podman, "kube", "down", str(manifest)])
        _run([*podman, "system", "reset", "--force"])
    return taken


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
