"""How ``trimtab approve`` reaches the running agent: by a file in the state directory that holds the revision.

Only who may write to the state directory can approve, and an approval outlives an agent that dies before reading it.
"""

import re
import tempfile
from pathlib import Path
from typing import Final

from agent.ports import Permanent

NAME: Final = "approved"
_COMMIT: Final = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_LARGEST: Final = 1024


def leave_approval(state_dir: Path, revision: str) -> None:
    """Leave word for the agent that a revision is approved. Raises Permanent when that is not possible."""
    try:
        with tempfile.NamedTemporaryFile(
            "w", encoding="ascii", prefix=f".{NAME}.", dir=state_dir, delete=False
        ) as file:
            file.write(f"{revision}\n")
        Path(file.name).replace(state_dir / NAME)
    except OSError as error:
        raise Permanent(
            f"cannot leave the approval in {state_dir}: {error.strerror}", hint="run as the user that the agent runs as"
        ) from error


def take_approval(state_dir: Path) -> str | None:
    """Return the revision that was approved since last time; None when there is none."""
    path = state_dir / NAME
    try:
        with path.open("rb") as file:
            written = file.read(_LARGEST).decode("ascii", "replace").strip()
        path.unlink()
    except FileNotFoundError:
        return None
    return written if _COMMIT.fullmatch(written) else None
