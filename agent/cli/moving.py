"""How ``trimtab rebalance --apply`` reaches the running agent: by a file in the state directory that names the pods.

As with approvals, only who may write to the state directory can ask, and what is asked outlives an agent that dies.
"""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from agent.ports import Permanent

NAME: Final = "moves"
_LARGEST: Final = 1 << 20


def leave_moves(state_dir: Path, moves: Mapping[str, str]) -> None:
    """Leave word for the agent which pods are to leave which hosts. Raises Permanent when that is not possible."""
    try:
        with tempfile.NamedTemporaryFile("wb", prefix=f".{NAME}.", dir=state_dir, delete=False) as file:
            file.write(msgspec.json.encode(moves, order="deterministic"))
        Path(file.name).replace(state_dir / NAME)
    except OSError as error:
        hint = "run as the user that the agent runs as"
        raise Permanent(f"cannot leave word in {state_dir}: {error.strerror}", hint=hint) from error


def take_moves(state_dir: Path) -> Mapping[str, str]:
    """Return the pods that are to be moved since last time, with their hosts. What cannot be read asks for nothing."""
    path = state_dir / NAME
    try:
        with path.open("rb") as file:
            written = file.read(_LARGEST)
        path.unlink()
        return msgspec.json.decode(written, type=dict[str, str])
    except (FileNotFoundError, msgspec.DecodeError):
        return {}
