"""Taking a lab down completely, also one that crashed half way up or whose record is gone."""

import shutil
from pathlib import Path

from lab import cgroups, network
from lab.errors import LabError
from lab.processes import wait_for
from lab.state import Paths, locked


def remove(paths: Paths) -> None:
    """Leave nothing of a lab: processes, namespaces and mounts with them, links, cgroups, folders."""
    cgroups.end_all(paths.group)
    network.remove_link(paths.name, paths.state)
    cgroups.remove(paths.group)
    for folder in (paths.state, paths.data):
        _remove_folder(folder)


def locked_remove(paths: Paths) -> None:
    """Remove a lab while no other process starts or removes one."""
    with locked():
        remove(paths)


def _remove_folder(folder: Path) -> None:
    """Delete a folder, but never through a mount: what is mounted there is not ours to delete."""
    mounted = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    inside = [mount for mount in mounted if mount == str(folder) or mount.startswith(f"{folder}/")]
    if inside:
        raise LabError(f"{inside[0]} is mounted below the lab's folder: unmount it, then run `down` again")
    if folder.exists():
        # A namespace that is just ending may hold a folder busy for a moment.
        wait_for(f"removing {folder}", lambda: _removed(folder))
    for parent in (folder.parent, folder.parent.parent):
        if parent.name in {"trimtab-lab", "state", "data"} and parent.exists() and not any(parent.iterdir()):
            parent.rmdir()


def _removed(folder: Path) -> bool:
    shutil.rmtree(folder, ignore_errors=True)
    return not folder.exists()


def leftovers(paths: Paths) -> list[str]:
    """Name what a lab still has on this machine; empty after `down`."""
    left = [f"process {pid}" for pid in sorted(cgroups.members(paths.group))]
    left += [f"cgroup {path}" for path in cgroups.existing(paths.group)]
    left += [f"folder {folder}" for folder in (paths.state, paths.data) if folder.exists()]
    if network.owned_link(paths.name, paths.state):
        left.append(f"link {network.link_name(paths.name)}")
    return left
