"""Paths inside volumes, made safe to mount: no link that a container planted, or plants right now, leads out of one.

The runtime would look a path up again when it starts the container. So each is bound to a place of the pod's own that
no container can write to, and the runtime is given that place. What it stands for is written into an annotation.
"""

import re
from collections.abc import Mapping
from typing import Final

import msgspec
from msgspec.structs import replace

from agent.hosts.files.paths import check_folder, check_uid
from agent.hosts.link import Link
from agent.model.cri import ContainerConfig, Mount
from agent.model.labels import POD_UID, PODS_DIR, SECRETS_DIR, SUB_PATHS
from agent.model.typed import decoder
from agent.ports import Refused, Temporary

_TOLD: Final = decoder(dict[str, tuple[str, str]])
_NAME: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_OF_OURS: Final = re.compile(
    rf"(?:{re.escape(PODS_DIR)}|{re.escape(SECRETS_DIR)})/[^/]+/volumes/(?:configmap|secret|downward-api|projected)/[^/]+"
)
_IN_SCRATCH: Final = re.compile(
    rf"((?:{re.escape(PODS_DIR)}|{re.escape(SECRETS_DIR)})/[^/]+/volumes/empty-dir/[^/]+)/.+", re.DOTALL
)

# Arguments: the container's folder, then "ours" or "theirs", volume and path below it, again and again.
#
# What a path leads to is found first, then its folder is entered, which holds on to that folder whatever its name
# becomes, and asked for its place. The last part is bound without being looked up by its full path, and is what was
# bound only if it is no link and the very same file: a link that was put there meanwhile is not. A folder that is not
# there is made one part at a time, from inside its parent, with the mode of the volume, as a kubelet does. In a tree
# of ours nothing is made: what is missing is an empty folder.
_SCRIPT: Final = r"""
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
umask 022
escape() { echo "$1" >&2; exit 3; }
enter() { cd -P -- "$1" && [ "$(readlink /proc/self/cwd)" = "$2" ] || escape "$1 was moved away meanwhile"; }
release() { umount -- "$1" 2>/dev/null || umount -l -- "$1" || exit 1; }
pin() {
  kind=$1 volume=$2 path=$3 place=$4
  root=$(cd -P -- "$volume" && pwd -P) || exit 1
  [ "$root" = / ] && top=/ || top=$root/
  wanted=$(readlink -m -- "$top$path")
  case $wanted in "$top"?*) ;; *) escape "$path leads out of the volume" ;; esac
  if ! [ -e "$wanted" ]; then
    if [ "$kind" = ours ]; then mkdir -- "$place" || exit 1; return; fi
    here=$root
    enter "$root" "$root"
    mode=$(stat -c %a .)
    rest=${wanted#"$top"}/
    while [ -n "$rest" ]; do
      part=${rest%%/*} rest=${rest#*/}
      [ -d "./$part" ] || mkdir -m "$mode" -- "./$part" || exit 1
      here=${here%/}/$part
      enter "./$part" "$here"
    done
  fi
  above=${wanted%/*}
  enter "${above:-/}" "${above:-/}"
  name=./${wanted##*/}
  if [ -d "$name" ]; then mkdir -- "$place" || exit 1; else : >"$place" || exit 1; fi
  mount -c --bind "$name" "$place" || exit 1
  [ "$(stat -c %d:%i -- "$name")" = "$(stat -c %d:%i -- "$place")" ] && return
  release "$place"
  escape "$path was exchanged meanwhile"
}
folder=$1
shift
mkdir -p -- "$folder" || exit 1
for place in "$folder"/*; do
  while mountpoint -q -- "$place" 2>/dev/null; do release "$place"; done
  if [ -d "$place" ]; then rmdir -- "$place" || exit 1; else rm -f -- "$place" || exit 1; fi
done
number=0
while [ $# -gt 0 ]; do
  pin "$1" "$2" "$3" "$folder/$number"
  number=$((number + 1))
  shift 3
done
"""
_ESCAPE: Final = 3


def pin_sub_paths(link: Link, config: ContainerConfig) -> ContainerConfig:
    """Return a container's configuration with every path inside a volume made safe. Raises PortError.

    Costs nothing for containers without one.
    """
    inside = [mount for mount in map(_with_volume, config.mounts) if mount.volume]
    if not inside:
        return config
    folder = f"{PODS_DIR}/{check_uid(config.labels.get(POD_UID, ''))}/volume-subpaths/{_checked(config.name)}"
    arguments: list[str] = []
    for mount in inside:
        whose = "ours" if _OF_OURS.fullmatch(mount.volume) else "theirs"
        below = check_folder(mount.host_path).removeprefix(f"{mount.volume.rstrip('/')}/")
        arguments += [whose, check_folder(mount.volume), below]
    done = link.quick(_SCRIPT, folder, *arguments, timeout=60)
    if done.code == _ESCAPE:
        raise Refused(f"a subPath of container {config.name} goes through a link put in its way: {done.error[:200]}")
    if done.code:
        raise Temporary(f"a subPath of container {config.name} cannot be mounted: {done.error[:200]}")
    places = {mount.container_path: f"{folder}/{number}" for number, mount in enumerate(inside)}
    told = {mount.container_path: (mount.host_path, mount.volume) for mount in inside}
    return replace(
        config,
        mounts=tuple(_at(mount, places.get(mount.container_path)) for mount in config.mounts),
        annotations={**config.annotations, SUB_PATHS: msgspec.json.encode(told).decode()},
    )


def as_asked_for(mounts: tuple[Mount, ...], annotations: Mapping[str, str]) -> tuple[Mount, ...]:
    """Return mounts as they were asked for, from what the runtime was given and the container's annotation."""
    written = annotations.get(SUB_PATHS)
    if written is None:
        return mounts
    try:
        told = _TOLD.decode(written)
    except msgspec.MsgspecError:
        return mounts  # somebody edited it: the difference shows
    return tuple(
        replace(mount, host_path=told[mount.container_path][0], volume=told[mount.container_path][1])
        if mount.container_path in told
        else mount
        for mount in mounts
    )


def _with_volume(mount: Mount) -> Mount:
    """Tell the volume of a path inside an emptyDir also where nobody wrote it down: in containers of older releases."""
    match = None if mount.volume else _IN_SCRATCH.fullmatch(mount.host_path)
    return replace(mount, volume=match[1]) if match else mount


def _at(mount: Mount, place: str | None) -> Mount:
    return mount if place is None else replace(mount, host_path=place, volume="")


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise Refused(f"{name[:80]!r} is not the name of a container")
    return name
