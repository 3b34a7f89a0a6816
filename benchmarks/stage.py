"""What every lab benchmark needs: hosts, a fleet with an agent's configuration, and manifests of many pods."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lab import Lab
from tests.e2e import containerd
from tests.e2e.fleet import Fleet
from tests.e2e.manifests import pod


@contextmanager
def stage(hosts: int) -> Iterator[Fleet]:
    """Start fresh hosts and a fleet on them."""
    with Lab.up(hosts=hosts, name="bench") as lab, tempfile.TemporaryDirectory() as folder:
        for host in lab.hosts:
            containerd.pull(host, lab.images.reference("app", "1.0"))  # the image is there: pulls are not measured
        yield Fleet(lab, Path(folder), name="bench")


def wipe(fleet: Fleet) -> None:
    """Take every pod off the hosts."""
    for host in fleet.lab.hosts:
        containerd.wipe(host)


def push_pods(fleet: Fleet, count: int) -> None:
    """Push `count` single-container pods, spread evenly by name, as one commit."""
    names = [host.name for host in fleet.lab.hosts]
    text = "---\n".join(pod(f"p{number:03}", nodeName=names[number % len(names)]) for number in range(count))
    fleet.push(f"{count} pods", **{"pods.yaml": text})


def rows(fleet: Fleet) -> int:
    """Count the containers that run."""
    return len(fleet.running())
