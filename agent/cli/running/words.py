"""How verbs reach the running agent: by words, each a file in a folder of the state directory.

The folder holds nothing else, so that watching it costs the agent nothing while it writes its own files.

Only who may write to that directory can leave one. A word stays there until the agent has saved what it says: one that
dies before that finds it again. So it may hear a word twice, and nothing but idempotent things are said like this.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import time_ns
from typing import Final, NamedTuple

from agent.journal.replace import PRIVATE, explained

_FOLDER: Final = "words"


class Word(NamedTuple):
    """What somebody said; ``drop`` ends its keeping."""

    said: bytes
    drop: Callable[[], None]


def folder_of(state_dir: Path) -> Path:
    """Return the folder of the words, which belongs to whom the state directory does. Raises PortError."""
    with _opened(state_dir):
        return state_dir / _FOLDER


def leave(state_dir: Path, name: str, said: bytes) -> None:
    """Leave a word for the agent, which can read it also when root leaves it. Raises PortError."""
    making = f".{name}.{os.getpid()}.{time_ns()}"
    with _opened(state_dir) as folder, explained("leave word in", state_dir / _FOLDER):
        owner = os.fstat(folder)
        descriptor = os.open(making, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, PRIVATE, dir_fd=folder)
        with os.fdopen(descriptor, "wb") as file:
            os.fchown(descriptor, owner.st_uid, owner.st_gid)
            file.write(said)
        os.rename(making, name, src_dir_fd=folder, dst_dir_fd=folder)


@contextmanager
def _opened(state_dir: Path) -> Iterator[int]:
    """Hold on to the folder itself: root leaves words in what belongs to an agent that may have been taken over.

    A link in its place would have root give any folder of the machine away.
    """
    folder = state_dir / _FOLDER
    with explained("make the folder", folder):
        owner = state_dir.stat()
        folder.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        with explained("make the folder", folder):
            os.fchown(descriptor, owner.st_uid, owner.st_gid)
        yield descriptor
    finally:
        os.close(descriptor)


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
