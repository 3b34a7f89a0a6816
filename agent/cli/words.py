"""How verbs reach the running agent: by words, each a file in the state directory.

Only who may write to that directory can leave one. A word stays there until the agent has saved what it says: one that
dies before that finds it again. So it may hear a word twice, and nothing but idempotent things are said like this.
"""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from time import time_ns
from typing import NamedTuple

from agent.ports import Permanent


class Word(NamedTuple):
    """What somebody said; ``drop`` ends its keeping."""

    said: bytes
    drop: Callable[[], None]


def leave(state_dir: Path, name: str, said: bytes) -> None:
    """Leave a word for the agent. Raises Permanent when that is not possible."""
    try:
        with tempfile.NamedTemporaryFile("wb", prefix=f".{name}.", dir=state_dir, delete=False) as file:
            file.write(said)
        Path(file.name).replace(state_dir / name)
    except OSError as error:
        hint = "run as the user that the agent runs as"
        raise Permanent(f"cannot leave word in {state_dir}: {error.strerror}", hint=hint) from error


def left(state_dir: Path, name: str, *, most: int) -> Iterator[Word]:
    """Yield the words of a name that are not dropped yet, oldest first; of each no more than ``most`` bytes."""
    with suppress(FileNotFoundError):
        # Under a name of its own, so that a word that comes later does not take its place, nor goes with it.
        (state_dir / name).rename(state_dir / f"{name}.heard.{time_ns():020d}")
    for path in sorted(state_dir.glob(f"{name}.heard.*")):
        with path.open("rb") as file:
            yield Word(file.read(most), lambda path=path: _drop(path))  # type: ignore[misc]  # mypy takes no default


def _drop(path: Path) -> None:
    with suppress(OSError):  # it is heard again after a restart, which does no harm
        path.unlink()
