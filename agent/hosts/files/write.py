"""File trees on the host, swapped as a whole: a reader sees the old files or the new ones, never a mixture.

As a kubelet does it: the payload is a folder ``..DIGEST``, the symlink ``..data`` names the one in force, and each
visible name is a symlink through ``..data``. A tree that is new is moved into its place whole. All trees of a call
travel as one tar stream over one channel; contents are never part of a command line, and those of Secrets never touch
a disk of the host.
"""

import io
import tarfile
from collections.abc import Sequence
from typing import Final

from agent.hosts.files.paths import check_file, check_tree
from agent.hosts.link import Link
from agent.model.files import FileTree
from agent.model.labels import SECRETS_DIR
from agent.ports import Temporary

# Arguments: the folder of Secrets, then root, digest and group of each tree.
_SCRIPT: Final = """
set -eu
umask 077
memory=$1
shift
on_tmpfs() { [ "$(stat -f -c %T "$1")" = tmpfs ] || [ "$(stat -f -c %T "$1")" = ramfs ]; }
swap() { ln -sfn "$1" ..data.new; mv -T ..data.new ..data; }
mkdir -p "$memory"
on_tmpfs "$memory" || mount -t tmpfs -o nosuid,nodev,mode=0700 trimtab "$memory"
for each in "$@"; do
  case $each in /*) if [ -e "$each..new" ]; then rm -rf "$each..new"; fi ;; esac
done
tar -C / --numeric-owner -xpmf -
while [ $# -gt 0 ]; do
  root=$1 payload=..$2 group=$3
  shift 3
  if ! [ -e "$root" ] && ! [ -L "$root" ]; then
    mv -T "$root..new" "$root"
    continue
  fi
  cd "$root"
  rm -rf ..new
  mv -T "$root..new/$payload" ..new
  rm -rf "$root..new"
  chmod 0755 .
  [ -z "$group" ] || { chgrp "$group" .; chmod g+s .; }
  if [ -e "$payload" ] || [ -L "$payload" ]; then
    # The same content is there, edited: step aside and back, so that ..data never dangles.
    swap ..new
    rm -rf "$payload"
    cp -a ..new "$payload"
    swap "$payload"
    rm -rf ..new
  else
    mv -T ..new "$payload"
    swap "$payload"
  fi
  for name in "$payload"/* "$payload"/.[!.]*; do
    name=${name##*/}
    [ -e "$payload/$name" ] || [ -L "$payload/$name" ] || continue
    [ "$(readlink -- "$name")" = "..data/$name" ] && continue
    rm -rf -- "./$name"
    ln -s -- "..data/$name" "$name"
  done
  for name in * .[!.]* ..?*; do
    [ -e "$name" ] || [ -L "$name" ] || continue
    case $name in ..data | "$payload") continue ;; esac
    [ -L "$name" ] && [ -e "$payload/$name" ] && continue
    rm -rf -- "./$name"
  done
done
"""


def write_trees(link: Link, trees: Sequence[FileTree]) -> None:
    """Bring file trees to the host and repair whatever differs below their roots. Raises PortError."""
    arguments: list[str] = []
    for tree in trees:
        arguments += [check_tree(tree.root, tree.digest), tree.digest, "" if tree.group is None else str(tree.group)]
    done = link.run(_SCRIPT, SECRETS_DIR, *arguments, stdin=archive(trees))
    if done.code:
        # tar and mv name files, never contents.
        raise Temporary(f"files cannot be written: {done.error[:300]}")


def archive(trees: Sequence[FileTree]) -> bytes:
    """Return a tar archive of all trees as they are to be, each beside its root."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for tree in trees:
            _add(tar, tree)
    return stream.getvalue()


def _add(tar: tarfile.TarFile, tree: FileTree) -> None:
    root, payload = f"{tree.root}..new".lstrip("/"), f"..{tree.digest}"
    folders = {root: None, f"{root}/{payload}": None}
    for file in tree.files:
        parts = check_file(file.path).split("/")
        folders |= {f"{root}/{payload}/{'/'.join(parts[:depth])}": None for depth in range(1, len(parts))}
    for folder in folders:
        entry = tarfile.TarInfo(folder)
        entry.type, entry.mode = tarfile.DIRTYPE, 0o755 if tree.group is None else 0o2755
        entry.gid = tree.group or 0
        tar.addfile(entry)
    for file in tree.files:
        entry = tarfile.TarInfo(f"{root}/{payload}/{file.path}")
        entry.mode, entry.size, entry.gid = file.mode & 0o777, len(file.content), tree.group or 0
        tar.addfile(entry, io.BytesIO(file.content))
    links = {"..data": payload} | {name: f"..data/{name}" for name in (file.path.split("/")[0] for file in tree.files)}
    for name, target in links.items():
        entry = tarfile.TarInfo(f"{root}/{name}")
        entry.type, entry.linkname = tarfile.SYMTYPE, target
        tar.addfile(entry)
