"""Folders and empty files on the host: made where missing, never touched where they are."""

import re
from collections.abc import Sequence
from typing import Final

from agent.hosts.files.paths import check_folder
from agent.hosts.link import Link
from agent.model.files import Folder
from agent.model.labels import LOGS_DIR, PODS_DIR, SECRETS_DIR
from agent.ports import Temporary

# Arguments: three lists of folders that most pods have, then what follows. A process costs a host more than all the
# rest, so each list takes one, for whatever number of pods. Names in it hold nothing that a shell splits or expands.
# What fails here, the rest tries again, and says why.
_EARLY: Final = """
early() {
  missing=
  for path in $3; do [ -e "$path" ] || missing="$missing $path"; done
  umask "$1"
  [ -z "$missing" ] || mkdir -p -m "$2" -- $missing 2>/dev/null
}
early 077 755 "$1"
early 022 755 "$2"
early 077 700 "$3"
shift 3
"""

# Arguments: kind, "must-exist" or medium, size, mode, group and path, again and again. What is below a folder of ours
# is closed to other users of the host; containers get to see it by being mounted.
_EACH: Final = """
fail() { echo "$1" >&2; exit 1; }
missing() { echo "$1 $2 on the host" >&2; exit 4; }
look() {
  case $1 in
  folder) [ -d "$2" ] || missing "$2" "is not a directory" ;;
  file) [ -f "$2" ] || missing "$2" "is not a file" ;;
  socket) [ -S "$2" ] || missing "$2" "is not a socket" ;;
  char-device) [ -c "$2" ] || missing "$2" "is not a character device" ;;
  block-device) [ -b "$2" ] || missing "$2" "is not a block device" ;;
  esac
}
while [ $# -gt 0 ]; do
  kind=$1 medium=$2 size=$3 mode=$4 group=$5 path=$6
  shift 6
  if [ "$medium" = must-exist ]; then
    [ -e "$path" ] || missing "$path" "does not exist"
    look "$kind" "$path"
    continue
  fi
  umask 022
  case $path in /var/lib/trimtab/* | /run/trimtab/*) umask 077 ;; esac
  if [ -e "$path" ]; then
    look "$kind" "$path"
  else
    above=${path%/*}/
    [ -d "$above" ] || mkdir -p -- "$above" || exit 1
    if [ "$kind" = folder ]; then
      mkdir -m "$mode" -- "$path" || [ -d "$path" ] || exit 1
    else
      # No process for it: a pod has such a file for each container. umask makes 666 of it, or less.
      umask 0
      set -C
      command : >"$path" || [ -f "$path" ] || exit 1
      set +C
      [ "$mode" = 666 ] || chmod "$mode" -- "$path" || exit 1
    fi
    # The group is given before the bits that go with it: giving it takes them away.
    [ -z "$group" ] || { chgrp -h -- "$group" "$path" && chmod "$mode" -- "$path"; } || exit 1
  fi
  if [ "$medium" = Memory ] && ! mountpoint -q "$path"; then
    options=nosuid,nodev,mode=$mode
    [ -z "$group" ] || options=$options,gid=$group
    [ "$size" = 0 ] || options=$options,size=$size
    mount -t tmpfs -o "$options" trimtab "$path" || exit 1
  fi
done
"""
_MISSING: Final = 4
_OURS: Final = (f"{PODS_DIR}/", f"{SECRETS_DIR}/")
_PLAIN: Final = re.compile(r"[A-Za-z0-9/._-]+")
_USUAL: Final = 0o755

# Many in one command, yet none that keeps the shell from others for long.
_AT_ONCE: Final = 200


def make_folders(link: Link, folders: Sequence[Folder]) -> None:
    """Make folders and files, and a tmpfs where one is asked for, unless one is missing that must exist.

    Raises PortError.
    """
    for start in range(0, len(folders), _AT_ONCE):
        some = folders[start : start + _AT_ONCE]
        arguments = [" ".join(paths) for paths in _early(some)]
        for folder in some:
            arguments += [
                folder.kind,
                "must-exist" if folder.must_exist else folder.medium,
                str(folder.size_limit),
                f"{folder.mode & 0o7777:o}",
                "" if folder.group is None else str(folder.group),
                check_folder(folder.path),
            ]
        done = link.quick(_EARLY + _EACH, *arguments, timeout=60)
        if done.code == _MISSING:
            raise Temporary(done.error[:300].strip())
        if done.code:
            raise Temporary(f"folders cannot be made: {done.error[:300]}")


def _early(folders: Sequence[Folder]) -> tuple[Sequence[str], Sequence[str], Sequence[str]]:
    """Return plain folders of pods, those of their logs, and those above plain files of theirs.

    None where something must exist: without it, nothing is made.
    """
    if any(one.must_exist for one in folders):
        return (), (), ()
    plain = [one for one in folders if not one.medium and one.group is None and _PLAIN.fullmatch(one.path)]
    usual = [one.path for one in plain if one.kind == "folder" and one.mode == _USUAL]
    files = [one.path for one in plain if one.kind == "file"]
    return (
        [path for path in usual if path.startswith(_OURS)],
        [path for path in usual if path.startswith(f"{LOGS_DIR}/")],
        [path.rpartition("/")[0] for path in files if path.startswith(_OURS)],
    )
