"""What containers said before they ended: their termination message, and the end of their log."""

from collections.abc import Sequence
from typing import Final

from agent.hosts import logs
from agent.hosts.files.paths import check_logs, check_uid
from agent.hosts.link import Link
from agent.model.labels import POD_UID, PODS_DIR, TERMINATION_MESSAGE
from agent.model.observation import ContainerSeen, SandboxSeen
from agent.model.value import Value
from agent.ports import Permanent

# As a kubelet reads them.
_MOST_MESSAGE: Final = 4096
_MOST_LOG: Final = 2048
_LOG_LINES: Final = 80
_MOST_READ: Final = _MOST_LOG + _LOG_LINES * 64
_LAST_LINES: Final = 5
_LAST_LINES_BYTES: Final = 512

# Arguments: message file and log file, again and again; either may be empty. A link is nothing that we made. A log
# line begins with about 45 bytes of containerd's own.
_SCRIPT: Final = rf"""
while [ $# -gt 1 ]; do
  [ -f "$1" ] && [ ! -L "$1" ] && head -c {_MOST_MESSAGE} -- "$1" | tr '\0' ' '
  printf '\0'
  [ -f "$2" ] && [ ! -L "$2" ] && tail -n {_LOG_LINES} -- "$2" | tail -c {_MOST_READ} | tr '\0' ' '
  printf '\0'
  shift 2
done
"""
_AT_ONCE: Final = 25

Ended = tuple[ContainerSeen, SandboxSeen | None]


class LastWords(Value, frozen=True, kw_only=True):
    """``message`` is what Kubernetes calls so; ``lines`` are the last few of the log of one that failed."""

    message: str = ""
    lines: str = ""


def last_words(link: Link, ended: Sequence[Ended]) -> dict[str, LastWords]:
    """Return what each container said, by id. Raises PortError."""
    found: dict[str, LastWords] = {}
    for start in range(0, len(ended), _AT_ONCE):
        batch = ended[start : start + _AT_ONCE]
        arguments = [path for container, sandbox in batch for path in _paths(container, sandbox)]
        told = link.quick(_SCRIPT, *arguments).output.split(b"\0")
        for (container, _), message, log in zip(batch, told[0::2], told[1::2], strict=False):
            found[container.id] = _words(container, message, log)
    return found


def _paths(container: ContainerSeen, sandbox: SandboxSeen | None) -> tuple[str, str]:
    uid, config = container.config.labels.get(POD_UID, ""), container.config
    message = log = ""
    try:
        check_uid(uid)
        if TERMINATION_MESSAGE in config.annotations and "/" not in config.name:
            message = f"{PODS_DIR}/{uid}/containers/{config.name}/{config.attempt}"
        if sandbox and container.exit_code and config.log_path and ".." not in config.log_path.split("/"):
            log = f"{check_logs(sandbox.config.log_directory, uid)}/{config.log_path}"
    except Permanent:
        pass  # not where our pods have theirs: nothing is read
    return message, log


def _words(container: ContainerSeen, message: bytes, log: bytes) -> LastWords:
    policy = container.config.annotations.get(TERMINATION_MESSAGE, "").rpartition(" ")[2]
    lines = _lines(log)
    said = _last(message, _MOST_MESSAGE)
    if not said and container.exit_code and policy == "FallbackToLogsOnError":
        said = _last("\n".join(lines).encode(), _MOST_LOG)
    return LastWords(message=said, lines=_last("\n".join(lines[-_LAST_LINES:]).encode(), _LAST_LINES_BYTES))


def _lines(log: bytes) -> list[str]:
    """Return what was written; the end of a line that is longer than what was read is a line, too."""
    cut, _, rest = log.partition(b"\n") if len(log) == _MOST_READ else (b"", b"", log)
    whole = [line.text for line in logs.parse(iter([rest + b"\n"]))]
    return [cut.decode(errors="replace"), *whole] if cut else whole


def _last(text: bytes, most: int) -> str:
    """Return the end of a text, without half a character at its start."""
    return text[-most:].decode(errors="replace").lstrip("\N{REPLACEMENT CHARACTER}" if len(text) > most else "").strip()
