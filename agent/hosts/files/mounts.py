"""Filesystems that are mounted for a pod, each on a folder of its own below the pod's."""

import re
from collections.abc import Sequence
from typing import Final

from agent.hosts.files.paths import UnsafePath, check_volume
from agent.hosts.link import Link
from agent.model.files import MountedFilesystem
from agent.ports import Permanent, Temporary

# Arguments: seconds, then type, options, source and path, again and again. A server that does not answer would hold
# mount for minutes: it is given some time, then the next look tries again.
_SCRIPT: Final = """
seconds=$1
shift
while [ $# -gt 0 ]; do
  type=$1 options=$2 source=$3 path=$4
  shift 4
  command -v "mount.$type" >/dev/null || PATH=$PATH:/usr/sbin:/sbin command -v "mount.$type" >/dev/null || {
    echo "$type"
    exit 3
  }
  umask 077
  mkdir -p -- "$path" || exit 1
  mountpoint -q -- "$path" && continue
  error=$(timeout "$seconds" mount -t "$type" ${options:+-o "$options"} "$source" "$path" 2>&1)
  code=$?
  [ $code -eq 0 ] && continue
  [ $code -eq 124 ] && error="no answer within $seconds s"
  printf '%s cannot be mounted: %s\\n' "$source" "$error" >&2
  exit 1
done
"""
_NO_HELPER: Final = 3
_SECONDS: Final = 45
_OPTION: Final = re.compile(r"[A-Za-z0-9_.:=/@+-]{1,200}")
_SOURCE: Final = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]{0,252}|\[[0-9a-fA-F:.]{2,45}\]):/[^\0\n]{0,4000}")
_PACKAGES: Final = {"nfs": "nfs-common (Debian, Ubuntu) or nfs-utils (others)"}


def mount_filesystems(link: Link, mounts: Sequence[MountedFilesystem]) -> None:
    """Mount what is not mounted yet. Raises PortError, within a minute and a half a mount."""
    arguments: list[str] = []
    for one in mounts:
        if not _SOURCE.fullmatch(one.source):
            raise UnsafePath(f"{one.source[:200]!r} is not SERVER:/PATH")
        for option in one.options:
            if not _OPTION.fullmatch(option):
                raise Permanent(f"{one.source[:200]}: {option[:80]!r} is not a mount option that can be passed on")
        arguments += [one.type, ",".join(one.options), one.source, check_volume(one.path)]
    if not arguments:
        return
    done = link.run(_SCRIPT, str(_SECONDS), *arguments, timeout=(_SECONDS + 5) * len(mounts) + 10)
    if done.code == _NO_HELPER:
        kind = done.output.decode(errors="replace").strip()
        raise Permanent(
            f"the host cannot mount {kind}: mount.{kind} is not installed",
            hint=f"install {_PACKAGES.get(kind, f'the package with mount.{kind}')} on the host",
        )
    if done.code:
        raise Temporary(done.error[:400])
