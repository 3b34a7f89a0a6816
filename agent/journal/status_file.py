from pathlib import Path
from typing import Final

from agent.journal.replace import explained, replace_file

NAME: Final = "status.json"
_GROUP_READS: Final = 0o640


def publish_status(state_dir: str | Path, content: bytes) -> None:
    """Put the agent's newest status where ``trimtab status`` finds it. Raises PortError.

    It is only read while that agent runs, so nothing is lost with it; and it is written often, on a disk that the
    runtime may be waiting for. A folder that is gone is not made anew: it is to be put back.
    """
    replace_file(Path(state_dir) / NAME, content, mode=_GROUP_READS, durable=False)


def read_status(state_dir: str | Path) -> bytes | None:
    """Return the status that the agent published last; None before the first. Raises PortError."""
    path = Path(state_dir) / NAME
    with explained("read", path):
        return path.read_bytes() if path.exists() else None
