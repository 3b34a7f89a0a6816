"""Chores of cleaning up, done."""

from collections.abc import Iterator, Sequence
from typing import Final

import grpc

from agent.hosts.cri.client import Runtime
from agent.hosts.cri.errors import is_missing, port_error
from agent.hosts.files.paths import check_log
from agent.hosts.garbled import number
from agent.hosts.link import Link
from agent.hosts.pulled import forget_pulls
from agent.model.chores import Chore, ChoreOutcome, RemoveImage, RotateLog
from agent.ports import PortError, Temporary, Unreachable

# A log is renamed with the time, so that the names sort by age, and the oldest beyond those to keep go.
_ROTATE: Final = """
path=$1 keep=$2
[ -f "$path" ] && [ ! -L "$path" ] || exit 0
old=$path.$(date -u +%Y%m%d-%H%M%S)
[ -e "$old" ] && exit 0
mv -T -- "$path" "$old" || exit 1
set -- "$path".[0-9]*
freed=0
while [ $# -ge "$keep" ]; do
  freed=$((freed + $(stat -c %s -- "$1")))
  rm -f -- "$1" || exit 1
  shift
done
printf '%s %s' "$freed" "$old"
"""
_BACK: Final = '[ -e "$2" ] || mv -T -- "$1" "$2"'


def do_chores(link: Link, runtime: Runtime, chores: Sequence[Chore], *, host: str) -> Iterator[ChoreOutcome]:
    """Do chores one after another, and yield how each ended. Raises Unreachable once the host is lost."""
    for chore in chores:
        try:
            yield ChoreOutcome(chore=chore, freed=_do(link, runtime, chore, host))
        except Unreachable:
            raise
        except PortError as error:
            yield ChoreOutcome(chore=chore, error=str(error))


def _do(link: Link, runtime: Runtime, chore: Chore, host: str) -> int:
    match chore:
        case RemoveImage():
            return _remove_image(link, runtime, chore, host)
        case RotateLog():
            return _rotate(link, runtime, chore, host)


def _remove_image(link: Link, runtime: Runtime, chore: RemoveImage, host: str) -> int:
    """Remove an image under all its names; containerd keeps the layers that others share."""
    try:
        runtime.remove_image(chore.id)
    except grpc.RpcError as error:
        if not is_missing(error):
            raise port_error(error, f"remove image {chore.names[0]}", host=host) from None
    forget_pulls(link, chore.names)
    return chore.size


def _rotate(link: Link, runtime: Runtime, chore: RotateLog, host: str) -> int:
    path = check_log(chore.path)
    done = link.run(_ROTATE, path, str(chore.keep))
    if done.code:
        raise Temporary(f"{host}: the log of container {chore.name} cannot be rotated: {done.error[:300].strip()}")
    freed, _, renamed = done.output.decode("utf-8", "replace").partition(" ")
    if not renamed:
        return 0
    try:
        runtime.reopen_log(chore.container_id)
    except grpc.RpcError as error:
        # The runtime goes on writing into the renamed file: under its own name it is found again.
        link.run(_BACK, renamed, path)
        raise port_error(error, f"reopen the log of container {chore.name}", host=host) from None
    return number(freed)
