"""A container's log as the runtime writes it: ``TIME STREAM F|P TEXT``, long lines in several parts."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Final, Literal

from agent.hosts.link import Link
from agent.model.cri import SandboxConfig
from agent.model.labels import LOGS_DIR
from agent.model.value import Value
from agent.ports import Temporary

_MOST_LINE: Final = 1024 * 1024
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII)
_NANO_DIGITS: Final = 9

_SCRIPT: Final = """
[ -e "$1" ] || exit 0
exec tail -n "$2" -- "$1"
"""
# A log that is rotated is renamed: what was written to it until then is read to its end before the new one is begun.
_POLL: Final = r"""
path=$1 inode=$2 offset=$3 most=$4 from=$1
now=$(stat -c %i -- "$path" 2>/dev/null)
if [ "$inode" != 0 ] && [ "$now" != "$inode" ]; then
  from=
  for old in "$path".*; do
    [ "$(stat -c '%i' -- "$old" 2>/dev/null)" = "$inode" ] && [ "$(stat -c %s -- "$old")" -gt "$offset" ] && from=$old
  done
  [ "$from" ] || { from=$path inode=0 offset=0; }
fi
[ "$inode" != 0 ] || inode=$now
size=$(stat -c %s -- "$from" 2>/dev/null) || { printf '0 0\n'; exit 0; }
[ "$size" -ge "$offset" ] || offset=0
size=$((size - offset))
[ "$size" -le "$most" ] || size=$most
printf '%s %s\n' "${inode:-0}" "$((offset + size))"
[ "$size" -eq 0 ] || tail -c "+$((offset + 1))" -- "$from" | head -c "$size"
"""
# Where the last lines begin: what is followed begins there.
_TAIL: Final = r"""
set -- "$1" "$2" $(stat -c '%i %s' -- "$1" 2>/dev/null)
[ "$4" ] || { printf '0 0\n'; exit 0; }
kept=$(head -c "$4" -- "$1" | tail -n "$2" | wc -c)
printf '%s %s\n' "$3" "$(($4 - kept))"
"""
_MOST_AT_ONCE: Final = 256 * 1024


class Position(Value, frozen=True, kw_only=True):
    """How far a log was read: in which file, told by its inode (0: none yet), and up to which byte."""

    inode: int = 0
    offset: int = 0


class LogLine(Value, frozen=True, kw_only=True):
    """One line that a container wrote: when (RFC 3339, as written), where to, and what, without its line end."""

    time: str
    stream: Literal["stdout", "stderr"]
    text: str


def read(link: Link, sandbox: SandboxConfig, log_path: str, *, tail: int | None) -> Iterator[LogLine]:
    """Yield a container's log lines. ``tail`` counts the runtime's lines: a very long one counts as several."""
    return parse(link.stream(_SCRIPT, _path(sandbox, log_path), "+1" if tail is None else str(tail)))


def start_of(link: Link, sandbox: SandboxConfig, log_path: str, *, tail: int | None) -> Position:
    """Return where the last ``tail`` lines of a log begin. Raises PortError."""
    if tail is None:
        return Position()
    done = link.run(_TAIL, _path(sandbox, log_path), str(tail))
    return _position(done.output)


def read_on(link: Link, sandbox: SandboxConfig, log_path: str, position: Position) -> tuple[Position, bytes]:
    """Return what was written since, up to a bound, and how far that is; a rotated log is read on. Raises PortError."""
    at, most = (str(position.inode), str(position.offset)), str(_MOST_AT_ONCE)
    done = link.quick(_POLL, _path(sandbox, log_path), *at, most)
    head, _, content = done.output.partition(b"\n")
    return _position(head), content


def _position(told: bytes) -> Position:
    inode, _, offset = told.strip().partition(b" ")
    if not inode.isdigit() or not offset.isdigit():
        raise Temporary("the host told nothing of the log")
    return Position(inode=int(inode), offset=int(offset))


def _path(sandbox: SandboxConfig, log_path: str) -> str:
    path = f"{sandbox.log_directory}/{log_path}"
    if not path.startswith(f"{LOGS_DIR}/") or ".." in path.split("/"):
        raise Temporary(f"{path[:200]!r} is not a log below {LOGS_DIR}")
    return path


def parse(chunks: Iterator[bytes]) -> Iterator[LogLine]:
    """Join chunks into lines and parts into whole lines. What is not in the format is left out."""
    joiner = Joiner()
    for chunk in chunks:
        yield from joiner.feed(chunk)


class Joiner:
    """Joins bytes into lines, and their parts into whole lines, however they were cut."""

    def __init__(self) -> None:
        self._rest = b""
        self._parts: dict[str, str] = {}

    def feed(self, chunk: bytes) -> Iterator[LogLine]:
        """Take bytes and yield the lines that are whole now."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        self._rest = self._rest[:_MOST_LINE]  # no line of the runtime's is so long
        for line in lines:
            fields = line.decode(errors="replace").split(" ", 3)
            if len(fields) < 3 or fields[1] not in ("stdout", "stderr") or not _is_time(fields[0]):
                continue
            stream: Literal["stdout", "stderr"] = "stdout" if fields[1] == "stdout" else "stderr"
            text = self._parts.pop(stream, "") + (fields[3] if len(fields) == 4 else "")
            if fields[2].split(":")[0] == "P" and len(text) < _MOST_LINE:
                self._parts[stream] = text
            else:
                yield LogLine(time=fields[0], stream=stream, text=text)


def _is_time(told: str) -> bool:
    """Tell whether a line begins with a time: one that was torn does not, nor does 30 February."""
    if not _TIME.fullmatch(told):
        return False
    try:
        seconds(told)
    except (ValueError, OverflowError):
        return False
    return True


def seconds(time: str) -> float:
    """Return a line's time as seconds since the epoch; Go writes nanoseconds, Python reads microseconds."""
    head, dot, tail = time.partition(".")
    digits = tail[:_NANO_DIGITS]
    zone = tail.lstrip("0123456789") if dot else ""
    fraction = "".join(each for each in digits if each.isdigit())[:6]
    return datetime.fromisoformat(f"{head}.{fraction or '0'}{zone}" if dot else head).timestamp()
