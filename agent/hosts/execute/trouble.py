"""A disk that is full or cannot be written: which one it is, and what to free."""

import re
from typing import Final

from agent.hosts.link import Link
from agent.model.value import Value
from agent.ports import PortError

_SUSPECT: Final = re.compile(
    r"no space left on device|disk quota exceeded|disk is full|read-only file system", re.IGNORECASE
)
_FOLDERS: Final = (
    "/var/lib/trimtab",
    "/run/trimtab",
    "/var/lib/containerd",
    "/run/containerd",
    "/var/log/pods",
)
_NEARLY: Final = 1024  # KiB, or inodes

# For each folder: whether it can be written, its file system, what is left of it in KiB and in inodes, where it is
# mounted. NUL after each, as in facts.
_SCRIPT: Final = r"""
export LC_ALL=C
for folder in "$@"; do
  [ -d "$folder" ] || continue
  can=rw
  [ -w "$folder" ] || can=ro
  set -- $(df -Pk -- "$folder" | tail -n 1)
  device=$1 left=$4 at=$6
  set -- $(df -Pi -- "$folder" | tail -n 1)
  printf '%s %s %s %s %s %s\0' "$folder" "$can" "$device" "$left" "$4" "$at"
done
"""


class _Disk(Value, frozen=True, kw_only=True):
    folder: str
    read_only: bool
    device: str
    left: int
    inodes: int | None
    mounted_at: str


def explained(link: Link, error: PortError) -> PortError:
    """Return an error that a full or read-only disk may be behind, with that disk named; any other as it is."""
    if not _SUSPECT.search(f"{error} {error.hint}"):
        return error
    try:
        disks = _disks(link.quick(_SCRIPT, *_FOLDERS).output)
    except PortError:
        return error
    hints = {_hint(disk): None for disk in disks}
    return type(error)(str(error), hint="; ".join(hint for hint in hints if hint) or error.hint)


def _disks(output: bytes) -> list[_Disk]:
    disks = []
    for entry in output.decode(errors="replace").split("\0"):
        match entry.split(" ", 5):
            case [folder, can, device, left, inodes, at] if left.isdigit():
                disks.append(
                    _Disk(
                        folder=folder,
                        read_only=can == "ro",
                        device=device,
                        left=int(left),
                        inodes=int(inodes) if inodes.isdigit() and inodes != "0" else None,
                        mounted_at=at,
                    )
                )
            case _:
                continue
    return disks


def _hint(disk: _Disk) -> str:
    where = f"{disk.mounted_at} ({disk.device}) of the host"
    if disk.read_only:
        return f"{where} is mounted read-only: see dmesg for why, then mount -o remount,rw {disk.mounted_at}"
    if disk.left < _NEARLY:
        return f"{where} is full: free some of it (journalctl --vacuum-size, apt-get clean, images that nobody needs)"
    if disk.inodes is not None and disk.inodes < _NEARLY:
        return f"{where} has no inodes left: find the folders with very many files and free some"
    return ""
