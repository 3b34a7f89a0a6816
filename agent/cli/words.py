"""How verbs reach the running agent: by words, each a file in a folder of the state directory.

The folder holds nothing else, so that watching it costs the agent nothing while it writes its own files.

Only who may write to that directory can leave one. A word stays there until the agent has saved what it says: one that
dies before that finds it again. So it may hear a word twice, and nothing but idempotent things are said like this.
"""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from time import time_ns
from typing import Final, NamedTuple

from agent.journal.replace import explained

_FOLDER: Final = "words"


class Word(NamedTuple):
    """What somebody said; ``drop`` ends its keeping."""

    said: bytes
    drop: Callable[[], None]


def folder_of(state_dir: Path) -> Path:
    """Return the folder of the words, which belongs to whom the state directory does. Raises PortError."""
    folder = state_dir / _FOLDER
    with explained("make the folder", folder):
        owner = state_dir.stat()
        folder.mkdir(mode=0o700, exist_ok=True)
        os.chown(folder, owner.st_uid, owner.st_gid)
    return folder


def leave(state_dir: Path, name: str, said: bytes) -> None:
    """Leave a word for the agent, which can read it also when root leaves it. Raises PortError."""
    folder = folder_of(state_dir)
    with explained("leave word in", folder):
        owner = folder.stat()
        with tempfile.NamedTemporaryFile("wb", prefix=f".{name}.", dir=folder, delete=False) as file:
            os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
            file.write(said)
        Path(file.name).replace(folder / name)


def left(state_dir: Path, name: str, *, most: int) -> Iterator[Word]:
    """Yield the words of a name that are not dropped yet, oldest first; of each no more than ``most`` bytes."""
    folder = state_dir / _FOLDER
    with suppress(FileNotFoundError):
        # Under a name of its own, so that a word that comes later does not take its place, nor goes with it.
        (folder / name).rename(folder / f"{name}.heard.{time_ns():020d}")
    for path in sorted(folder.glob(f"{name}.heard.*")):
        with path.open("rb") as file:
            yield Word(file.read(most), lambda path=path: _drop(path))  # type: ignore[misc]  # mypy takes no default


def _drop(path: Path) -> None:
    with suppress(OSError):  # it is heard again after a restart, which does no harm
        path.unlink()
