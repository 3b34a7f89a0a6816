"""The files of a container's earlier attempts."""

from typing import Final

from agent.hosts.files.paths import check_log, check_message
from agent.hosts.link import Link
from agent.ports import Temporary

_SCRIPT: Final = 'rm -f -- "$1" "$1".[0-9]* "$2"'


def forget_attempt(link: Link, log: str, message: str) -> None:
    """Remove the log of an attempt, with what was rotated of it, and its last words. Raises PortError."""
    done = link.quick(_SCRIPT, check_log(log), check_message(message))
    if done.code:
        raise Temporary(f"the files of an earlier attempt cannot be removed: {done.error[:300].strip()}")
