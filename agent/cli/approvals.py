"""How ``trimtab approve`` reaches the running agent: by a file in the state directory, named after the revision.

Only who may write to the state directory can approve, and an approval survives whatever happens to the agent before
it is read.
"""

import re
from pathlib import Path
from typing import Final

from agent.ports import Permanent

FOLDER: Final = "approvals"
_COMMIT: Final = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


def leave_approval(state_dir: Path, revision: str) -> None:
    """Leave word for the agent that a revision is approved. Raises Permanent when that is not possible."""
    try:
        folder = make_inbox(state_dir)
        (folder / revision).touch(mode=0o600)
    except OSError as error:
        raise Permanent(
            f"cannot leave the approval in {state_dir}: {error.strerror}", hint="run as the user that the agent runs as"
        ) from error


def make_inbox(state_dir: Path) -> Path:
    """Return the folder of approvals, made where it is missing."""
    folder = state_dir / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def take_approvals(state_dir: Path) -> list[str]:
    """Return the revisions approved since last time, sorted; each is taken once. Other files are left alone."""
    taken = []
    for path in sorted(make_inbox(state_dir).iterdir()):
        if _COMMIT.fullmatch(path.name):
            path.unlink(missing_ok=True)
            taken.append(path.name)
    return taken
