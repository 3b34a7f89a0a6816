"""The word of ``trimtab approve`` to the running agent: the revision."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from agent.cli.running import words

NAME: Final = "approved"
_COMMIT: Final = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_LARGEST: Final = 1024


def leave_approval(state_dir: Path, revision: str) -> None:
    """Leave word for the agent that a revision is approved. Raises PortError."""
    words.leave(state_dir, NAME, f"{revision}\n".encode("ascii"))


def approvals_left(state_dir: Path) -> Iterator[tuple[str, Callable[[], None]]]:
    """Yield the revisions that were approved, each with what drops the word. What is no revision approves nothing."""
    for word in words.left(state_dir, NAME, most=_LARGEST):
        revision = word.said.decode("ascii", "replace").strip()
        if _COMMIT.fullmatch(revision):
            yield revision, word.drop
        else:
            word.drop()
