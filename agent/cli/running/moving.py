"""The word of ``trimtab rebalance --apply`` to the running agent: pods, and the hosts that they are to leave."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

import msgspec

from agent.cli.running import words
from agent.model.typed import decoder

_MOVES: Final = decoder(dict[str, str])
NAME: Final = "moves"
_LARGEST: Final = 1 << 20


def leave_moves(state_dir: Path, moves: Mapping[str, str]) -> None:
    """Leave word for the agent which pods are to leave which hosts. Raises PortError."""
    words.leave(state_dir, NAME, msgspec.json.encode(moves, order="deterministic"))


def moves_left(state_dir: Path) -> Iterator[tuple[Mapping[str, str], Callable[[], None]]]:
    """Yield what was asked for, each with what drops the word. What cannot be read asks for nothing."""
    for word in words.left(state_dir, NAME, most=_LARGEST):
        try:
            moves = _MOVES.decode(word.said)
        except msgspec.DecodeError:
            word.drop()
        else:
            yield moves, word.drop
