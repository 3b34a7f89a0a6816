"""Volumes of claims on a host: made with a mark that says whose they are, removed only with that very mark."""

from typing import Final

import msgspec

from agent.hosts.files.paths import UnsafePath
from agent.hosts.link import Link
from agent.model.labels import VOLUMES_DIR
from agent.model.volumes import VolumeMark, is_volume_path
from agent.ports import Temporary

# The mark comes after the folder: where there is a mark, there was a folder.
_MAKE: Final = r"""
path=$1 mark=$2 text=$3 only=$4
fail() { echo "$1" >&2; exit 1; }
[ ! -L "$path" ] || fail "$path is a link"
if [ "$only" = yes ]; then
  [ -d "$path" ] || fail "$path is not there, and no empty folder is put in its place: is its disk mounted?"
else
  umask 022
  case $path in /var/lib/trimtab/*) umask 077 ;; esac
  mkdir -p -- "${path%/*}" || exit 1
  [ -d "$path" ] || mkdir -m 0777 -- "$path" || [ -d "$path" ] || exit 1
fi
umask 077
mkdir -p -- "${mark%/*}" && printf '%s\n' "$text" >"$mark.new" && mv -f -- "$mark.new" "$mark"
"""

# rm follows no symlink; with --one-file-system, and nothing mounted below, it removes this volume and nothing else.
_REMOVE: Final = r"""
path=$1 mark=$2 ours=$3
fail() { echo "$1" >&2; exit 1; }
if ! [ -e "$path" ] && ! [ -e "$mark" ]; then exit 0; fi
[ -f "$mark" ] && [ ! -L "$mark" ] && read -r text <"$mark" || fail "$mark does not say whose $path is"
case $text in "$ours"*) ;; *) fail "$mark says that $path is somebody else's" ;; esac
[ ! -L "$path" ] || fail "$path is a link"
real=$(readlink -m -- "$path") || exit 1
while read -r _ _ _ _ point _; do
  case $point in "$real" | "$real"/*) fail "something is mounted at $point" ;; esac
done </proc/self/mountinfo
rm -rf --one-file-system -- "$path" && rm -f -- "$mark"
"""


def make_volume(link: Link, mark: VolumeMark, *, marks_only: bool) -> None:
    """Make a volume's folder and its mark; with ``marks_only`` the folder must be there. Raises PortError."""
    text = msgspec.json.encode(mark).decode()
    done = link.run(_MAKE, _checked(mark), mark_file(mark), text, "yes" if marks_only else "no")
    if done.code:
        raise Temporary(f"the volume of claim {mark.namespace}/{mark.claim} cannot be made: {done.error[:300].strip()}")


def remove_volume(link: Link, mark: VolumeMark) -> None:
    """Remove a volume with its data, then its mark. Raises PortError."""
    text = msgspec.json.encode(mark).decode()
    ours = text[: text.index('"uid":')] + f'"uid":"{mark.uid}"'
    done = link.run(_REMOVE, _checked(mark), mark_file(mark), ours, timeout=600.0)
    if done.code:
        raise Temporary(
            f"the volume of claim {mark.namespace}/{mark.claim} cannot be removed: {done.error[:300].strip()}"
        )


def mark_file(mark: VolumeMark) -> str:
    """Return where a volume's mark is. All marks of a host are in one folder, wherever the volumes are."""
    return f"{VOLUMES_DIR}/{mark.path.rpartition('/')[2]}.json"


def _checked(mark: VolumeMark) -> str:
    if not is_volume_path(mark):
        raise UnsafePath(f"{mark.path[:200]!r} is not the place of a volume of claim {mark.namespace}/{mark.claim}")
    return mark.path
