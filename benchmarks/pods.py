"""20 and 60 pods from nothing, on one host and on three: trimtab against the floor and against podman kube play.

trimtab is measured as users have it: an agent that is running and connected; the clock runs from just before the
`git push` until the last container started, by containerd's own clock. The image is on the hosts
beforehand, for everybody.
"""

import statistics
import time
from pathlib import Path

from benchmarks import floor
from benchmarks.stage import push_pods, rows, stage, wipe
from lab import images
from lab.host import LabHost
from tests.e2e import containerd
from tests.e2e.fleet import Fleet, eventually
from tests.e2e.manifests import pod

ROUNDS = 15
"""How often floor and trimtab are measured: of two that follow one another, either may be a sixth slower by chance."""
PODMAN_ROUNDS = 3
THREADS = (2, 4, 8)
CALIBRATING = 2

# Not every machine lets a process raise its own limits, as podman's defaults would.
_PODMAN = """\
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
"""


def run() -> dict[str, object]:
    measured: dict[str, object] = {}
    for hosts in (1, 3):
        for count in (20, 60):
            with stage(hosts) as fleet:
                measured[f"{count} pods on {hosts} host{'s' if hosts > 1 else ''}"] = _compare(fleet, count)
    return measured


def _compare(fleet: Fleet, count: int) -> dict[str, float]:
    image = fleet.lab.images.reference("app", "1.0")
    threads = _best_threads(fleet, count, image)
    bare: list[float] = []
    ours: list[float] = []
    podman: list[float] = []

    def measure_floor() -> None:
        bare.append(floor.start_pods(fleet.lab.hosts, count, image, threads))

    def measure_trimtab() -> None:
        ours.append(_trimtab(fleet, count))

    # In turn, so that a slow minute of the machine hits everybody; and neither is always the first.
    for number in range(ROUNDS):
        pair = (measure_floor, measure_trimtab)
        for measure in pair if number % 2 else reversed(pair):
            measure()
            wipe(fleet)
        if len(fleet.lab.hosts) == 1 and number < PODMAN_ROUNDS:
            podman.append(_podman(fleet.lab.hosts[0], count))
    best = statistics.median(bare)
    result: dict[str, float] = {
        "floor's threads a host": threads,
        "floor seconds": best,
        "trimtab seconds": statistics.median(ours),
    }
    result["trimtab / floor"] = result["trimtab seconds"] / best
    result["trimtab / floor, of pairs"] = statistics.median(our / its for our, its in zip(ours, bare, strict=True))
    if podman:
        result["podman kube play seconds"] = statistics.median(podman)
        result["podman / floor"] = result["podman kube play seconds"] / best
    return result


def _best_threads(fleet: Fleet, count: int, image: str) -> int:
    """Return with how many threads a host the bare client is fastest."""
    taken: dict[int, list[float]] = {threads: [] for threads in THREADS}
    for _ in range(CALIBRATING):
        for threads in THREADS:
            taken[threads].append(floor.start_pods(fleet.lab.hosts, count, image, threads))
            wipe(fleet)
    return min(THREADS, key=lambda threads: min(taken[threads]))


def _trimtab(fleet: Fleet, count: int) -> float:
    fleet.push("nothing yet", **{"pods.yaml": f"# {time.monotonic_ns()}\n"})
    with fleet.agent():
        fleet.settle()
        started = time.time()
        push_pods(fleet, count)
        # Looking costs time on these cores, so it is done seldom; containerd itself tells when the last one started.
        eventually(lambda: rows(fleet) == count, within=120, every=0.5)
        ended = max(
            containerd.started_at(host, container.id)
            for host in fleet.lab.hosts
            for container in containerd.running(host)
        )
    return ended - started


def _podman(host: LabHost, count: int) -> float:
    """`podman kube play` of the same pods on the same host, with the same runtime (runc), removed afterwards."""
    folder = Path("/var/lib/containerd/podman")  # as on the host: where overlayfs works
    files = {
        "app.tar": images.archive(images.build("app", "1.0", []), "localhost/app:1.0"),
        "containers.conf": _PODMAN.encode(),
        "pods.yaml": "---\n".join(pod(f"p{number:03}") for number in range(count))
        .replace("registry/app:1.0", "localhost/app:1.0")
        .encode(),
    }
    here = host.data / folder.relative_to("/")
    here.mkdir(exist_ok=True)
    for name, content in files.items():
        (here / name).write_bytes(content)
    podman = (
        f"cd {folder}; CONTAINERS_CONF=$PWD/containers.conf podman --root $PWD/root --runroot /run/containerd/podman"
    )
    host.run(f"{podman} load --quiet --input app.tar", check=True)
    started = time.perf_counter()
    host.run(f"{podman} kube play --quiet pods.yaml", check=True, timeout=300)
    taken = time.perf_counter() - started
    host.run(f"{podman} kube down pods.yaml", check=True, timeout=300)
    return taken
