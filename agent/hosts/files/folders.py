"""Folders on the host: made where missing, never touched where they are."""

from collections.abc import Sequence
from typing import Final

from agent.hosts.files.paths import check_folder
from agent.hosts.link import Link
from agent.model.files import Folder
from agent.ports import Temporary

# Arguments: medium (or "must-exist"), mode, path, again and again. What is below a folder of ours is closed to other
# users of the host; containers get to see it by being mounted. A container writes in its emptyDir: a link that it left
# there must not lead a subPath elsewhere.
_SCRIPT: Final = """
fail() { echo "$1" >&2; exit 1; }
missing() { echo "hostPath $1 $2 on the host" >&2; exit 4; }
while [ $# -gt 0 ]; do
  medium=$1 mode=$2 path=$3
  shift 3
  umask 022
  if [ "$medium" = must-exist ]; then
    [ -d "$path" ] && continue
    [ -e "$path" ] && missing "$path" "is not a directory"
    missing "$path" "does not exist"
  fi
  case $path in
  /var/lib/trimtab/*/volumes/empty-dir/*/* | /run/trimtab/*/volumes/empty-dir/*/*)
    [ "$(readlink -m -- "$path")" = "$path" ] || fail "$path leads elsewhere: a link was put in its way" ;;
  esac
  case $path in /var/lib/trimtab/* | /run/trimtab/*) umask 077 ;; esac
  if ! [ -d "$path" ]; then
    mkdir -p -- "${path%/*}/" && mkdir -m "$mode" -- "$path" || [ -d "$path" ] || exit 1
  fi
  if [ "$medium" = Memory ] && ! mountpoint -q "$path"; then
    mount -t tmpfs -o "nosuid,nodev,mode=$mode" trimtab "$path" || exit 1
  fi
done
"""
_MISSING: Final = 4

# A command line has its limit: 128 KiB, and a path may have 4 KiB of it.
_AT_ONCE: Final = 25


def make_folders(link: Link, folders: Sequence[Folder]) -> None:
    """Make folders, and a tmpfs where one is asked for, unless one is missing that must exist. Raises PortError."""
    for start in range(0, len(folders), _AT_ONCE):
        arguments: list[str] = []
        for folder in folders[start : start + _AT_ONCE]:
            kind = "must-exist" if folder.must_exist else folder.medium
            arguments += [kind, f"{folder.mode & 0o7777:o}", check_folder(folder.path)]
        done = link.run(_SCRIPT, *arguments)
        if done.code == _MISSING:
            raise Temporary(done.error[:300].strip())
        if done.code:
            raise Temporary(f"folders cannot be made: {done.error[:300]}")
