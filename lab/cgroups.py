"""A cgroup per host, so that whatever a host starts is counted there and can be removed with it."""

import contextlib
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lab.errors import LabError
from lab.processes import Process

_TOP = "trimtab-lab"


@dataclass(frozen=True)
class Hierarchy:
    """One mounted cgroup tree of this machine: version 1 has one per controller, version 2 a single one."""

    kind: str
    mount: Path
    options: str


def hierarchies() -> list[Hierarchy]:
    """Find the cgroup trees of this machine, each as it has to be mounted again inside a host."""
    found: dict[Path, Hierarchy] = {}
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        before, _, after = line.partition(" - ")
        kind, _, options = after.split(" ", 2)
        if kind not in {"cgroup", "cgroup2"}:
            continue
        mount = Path(before.split()[4])
        kept = [option for option in options.split(",") if _is_controller(option)]
        if any(option.startswith("name=") for option in kept):
            kept.insert(0, "none")
        found[mount] = Hierarchy(kind, mount, ",".join(kept) if kind == "cgroup" and kept else "rw")
    if not found:
        raise LabError("no cgroups are mounted under /sys/fs/cgroup: containerd cannot run containers here")
    return list(found.values())


def _is_controller(option: str) -> bool:
    return option.startswith("name=") or ("=" not in option and option not in {"rw", "xattr", "noprefix"})


def create(lab: str, host: str) -> list[Path]:
    """Make the cgroup of a host in every tree and return the paths to enter."""
    made = []
    for tree in hierarchies():
        path = tree.mount
        for part in (_TOP, lab, host):
            _hand_down(tree, path)
            path /= part
            path.mkdir(exist_ok=True)
            _fill_cpuset(path)
        made.append(path)
    return made


def _hand_down(tree: Hierarchy, path: Path) -> None:
    """Version 2 gives a child only the controllers that its parent lists."""
    if tree.kind != "cgroup2":
        return
    for controller in (path / "cgroup.controllers").read_text().split():
        with contextlib.suppress(OSError):
            (path / "cgroup.subtree_control").write_text(f"+{controller}")


def _fill_cpuset(path: Path) -> None:
    """Version 1 lets no process into a cpuset that is still empty."""
    for name in ("cpuset.cpus", "cpuset.mems"):
        own, parent = path / name, path.parent / name
        if own.exists() and parent.exists() and "cgroup.controllers" not in {p.name for p in path.iterdir()}:
            own.write_text(parent.read_text())


def entry(lab: str, host: str) -> list[Path]:
    """Return the cgroups that a process of the host itself (not of a container) belongs to, one in every tree."""
    tops = [(tree, tree.mount / _TOP / lab / host) for tree in hierarchies()]
    return [top / "machine" if tree.kind == "cgroup2" else top for tree, top in tops]


def make_room(lab: str, host: str) -> None:
    """Version 2 lets a cgroup have children or processes, not both: move the host's first processes into a leaf."""
    for leaf in entry(lab, host):
        if leaf.name != "machine":
            continue
        leaf.mkdir(exist_ok=True)
        while pids := (leaf.parent / "cgroup.procs").read_text().split():
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    (leaf / "cgroup.procs").write_text(pid)


def members(lab: str, host: str | None = None) -> set[int]:
    """Return the PIDs of everything that runs in the cgroups of a lab, or of one host of it."""
    pids: set[int] = set()
    for path in _below(lab, host):
        with contextlib.suppress(OSError):
            pids.update(int(pid) for pid in (path / "cgroup.procs").read_text().split())
    return pids - {0}


def end_all(lab: str, host: str | None = None) -> None:
    """End every process in the cgroups of a lab, or of one host of it: only what the lab started is there."""
    while processes := [found for pid in members(lab, host) if (found := Process.of(pid))]:
        for process in processes:
            process.send(signal.SIGKILL)
        for process in processes:
            process.wait()


def remove(lab: str, host: str | None = None, timeout: float = 30.0) -> None:
    """Remove the cgroups of a lab, or of one host of it; the kernel frees them a moment after the last process."""
    deadline = time.monotonic() + timeout
    while left := [path for path in _below(lab, host) if not _removed(path)]:
        if time.monotonic() > deadline:
            raise LabError(f"cgroup {left[0]} is still in use by {sorted(members(lab, host)) or 'the kernel'}")
        time.sleep(0.01)
    if host is None:
        for tree in hierarchies():
            with contextlib.suppress(OSError):
                (tree.mount / _TOP).rmdir()


def _removed(path: Path) -> bool:
    try:
        path.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def existing(lab: str) -> list[Path]:
    """Return the cgroups that a lab has on this machine."""
    return list(_below(lab, None))


def _below(lab: str, host: str | None) -> Iterator[Path]:
    """Every cgroup of a lab, children before parents."""
    for tree in hierarchies():
        top = tree.mount / _TOP / lab
        top = top / host if host else top
        if top.is_dir():
            yield from sorted((path for path in top.rglob("*") if path.is_dir()), key=lambda p: -len(p.parts))
            yield top
