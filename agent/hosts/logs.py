"""A container's log as the runtime writes it: ``TIME STREAM F|P TEXT``, long lines in several parts."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final, Literal

from agent.hosts.link import Link
from agent.model.cri import SandboxConfig
from agent.model.labels import LOGS_DIR
from agent.model.value import Value
from agent.ports import Temporary

_MOST_LINE: Final = 1024 * 1024
_NANO_DIGITS: Final = 9

_SCRIPT: Final = """
[ -e "$1" ] || { [ "$3" ] || exit 0; }
if [ "$3" ]; then exec tail -n "$2" -F -- "$1" 2>/dev/null; fi
exec tail -n "$2" -- "$1"
"""


class LogLine(Value, frozen=True, kw_only=True):
    """One line that a container wrote: when (RFC 3339, as written), where to, and what, without its line end."""

    time: str
    stream: Literal["stdout", "stderr"]
    text: str


def read(link: Link, sandbox: SandboxConfig, log_path: str, *, tail: int | None, follow: bool) -> Iterator[LogLine]:
    """Yield a container's log lines. ``tail`` counts the runtime's lines: a very long one counts as several."""
    path = f"{sandbox.log_directory}/{log_path}"
    if not path.startswith(f"{LOGS_DIR}/") or ".." in path.split("/"):
        raise Temporary(f"{path[:200]!r} is not a log below {LOGS_DIR}")
    start = "+1" if tail is None else str(tail)
    return parse(link.stream(_SCRIPT, path, start, "follow" if follow else ""))


def parse(chunks: Iterator[bytes]) -> Iterator[LogLine]:
    """Join chunks into lines and parts into whole lines. What is not in the format is left out."""
    rest = b""
    parts: dict[str, str] = {}
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            fields = line.decode(errors="replace").split(" ", 3)
            if len(fields) < 3 or fields[1] not in ("stdout", "stderr"):
                continue
            stream: Literal["stdout", "stderr"] = "stdout" if fields[1] == "stdout" else "stderr"
            text = parts.pop(stream, "") + (fields[3] if len(fields) == 4 else "")
            if fields[2].split(":")[0] == "P" and len(text) < _MOST_LINE:
                parts[stream] = text
            else:
                yield LogLine(time=fields[0], stream=stream, text=text)


def seconds(time: str) -> float:
    """Return a line's time as seconds since the epoch; Go writes nanoseconds, Python reads microseconds."""
    head, dot, tail = time.partition(".")
    digits = tail[:_NANO_DIGITS]
    zone = tail.lstrip("0123456789") if dot else ""
    fraction = "".join(each for each in digits if each.isdigit())[:6]
    return datetime.fromisoformat(f"{head}.{fraction or '0'}{zone}" if dot else head).timestamp()
