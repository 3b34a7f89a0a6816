"""Volumes whose content is given to a pod's fsGroup, as a kubelet does it."""

from collections.abc import Sequence
from typing import Final

from agent.hosts.files.paths import check_folder
from agent.hosts.link import Link
from agent.model.files import OwnedVolume
from agent.ports import Temporary

# Arguments: group, "mismatch" or "always", path, again and again. Another pod may be writing there: find goes by the
# folders that it has open and never through a link, and each command runs in the very folder (-execdir). What is
# mounted below is another volume: mount points are left out by name, since a bind mount of the same filesystem is
# nothing that -xdev would see. mountinfo writes a space in a path as \040.
_SCRIPT: Final = r"""
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
own() {
  group=$1 when=$2 path=$3
  root=$(cd -P -- "$path" && pwd -P) || return 1
  if [ "$when" = mismatch ] && [ -n "$(find "$root" -maxdepth 0 -gid "$group" -perm -2770)" ]; then return 0; fi
  set --
  while read -r _ _ _ _ point _; do
    case $point in *\\*) point=$(printf '%b' "$point") ;; esac
    case $point in "$root"/*) set -- "$@" -path "$(printf %s "$point" | sed 's/[][*?\\]/\\&/g')" -prune -o ;; esac
  done </proc/self/mountinfo
  find "$root" -ignore_readdir_race -xdev "$@" ! -gid "$group" -execdir chgrp -h -- "$group" {} + &&
    find "$root" -ignore_readdir_race -xdev "$@" -type d ! -perm -2770 -execdir chmod -- ug+rwx,g+s {} + &&
    find "$root" -ignore_readdir_race -xdev "$@" -type f ! -perm -0660 -execdir chmod -- ug+rw {} +
}
while [ $# -gt 0 ]; do
  own "$1" "$2" "$3" || exit 1
  shift 3
done
"""
_LONGEST: Final = 600.0
"""Seconds. A volume may hold millions of files; one that takes longer is what OnRootMismatch is for."""


def own_volumes(link: Link, volumes: Sequence[OwnedVolume]) -> None:
    """Give volumes to a group: everything in them belongs to it, and it may read and write. Raises PortError."""
    arguments: list[str] = []
    for one in volumes:
        arguments += [str(one.group), "mismatch" if one.on_root_mismatch else "always", check_folder(one.path)]
    if not arguments:
        return
    done = link.run(_SCRIPT, *arguments, timeout=_LONGEST)
    if done.code:
        raise Temporary(f"a volume cannot be given to the pod's fsGroup: {done.error[:300]}")
