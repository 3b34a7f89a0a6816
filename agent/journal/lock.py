import fcntl
import os
import socket
import time
from pathlib import Path
from typing import Final, Self

import msgspec

from agent.journal.replace import PRIVATE, explained, make_folder
from agent.model.typed import decoder
from agent.model.value import Value
from agent.ports import Refused

NAME: Final = "lock"
_TRIES: Final = 5
_BETWEEN_TRIES: Final = 0.02
_READ_AT_MOST: Final = 4096


class Holder(Value, frozen=True, kw_only=True):
    """Who holds a state directory. ``since`` is seconds since the epoch."""

    name: str
    pid: int
    host: str
    since: float


class StateLock:
    """Keeps a second agent off a state directory, until ``release`` or the end of the process, however it ends.

    Held by the kernel (flock), so nothing is left to clean up after a crash. The descriptor does not reach child
    processes: a git or ssh that outlives the agent holds nothing.
    """

    def __init__(self, state_dir: str | Path, name: str, *, now: float | None = None) -> None:
        """Take the lock for agent ``name``. Raises Refused, naming the holder, while somebody else has it."""
        folder = Path(state_dir)
        make_folder(folder)
        self._path = path = folder / NAME
        with explained("lock", path):
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, PRIVATE)
            if not _taken(self._descriptor):
                holder = _read(self._descriptor)
                os.close(self._descriptor)
                raise _refusal(folder, holder)
            since = time.time() if now is None else now
            content = msgspec.json.encode(Holder(name=name, pid=os.getpid(), host=socket.gethostname(), since=since))
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, content, 0)

    def check(self) -> None:
        """See that the folder still is the one that was locked. Raises Refused where it was moved, or replaced.

        Nobody would be kept off the one that is there by now, and its state is not what this agent knows.
        """
        with explained("look at", self._path):
            try:
                there = self._path.stat(follow_symlinks=False)
            except FileNotFoundError:
                there = None
            if there is None or not os.path.samestat(there, os.fstat(self._descriptor)):
                raise Refused(
                    f"{self._path.parent} was moved away or replaced while this agent held it",
                    hint="stop the agent before a backup is put back; started again, it goes on with what is there now",
                )

    def release(self) -> None:
        """Let the next one in."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def holder_of(state_dir: str | Path) -> Holder | None:
    """Return who holds a state directory now; None when nobody does. Raises PortError."""
    path = Path(state_dir) / NAME
    with explained("look at", path):
        if not path.exists():
            return None
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        try:
            # Shared, so that asking keeps nobody out who asks; who takes the lock tries more than once for our sake.
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return _read(descriptor)
        finally:
            os.close(descriptor)
    return None


def _taken(descriptor: int) -> bool:
    for attempt in range(_TRIES):
        if attempt:
            time.sleep(_BETWEEN_TRIES)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        return True
    return False


_HOLDER: Final = decoder(Holder)


def _read(descriptor: int) -> Holder:
    try:
        return _HOLDER.decode(os.pread(descriptor, _READ_AT_MOST, 0))
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Holder(name="unknown", pid=0, host="", since=0.0)  # between taking the lock and writing one's name


def _refusal(folder: Path, holder: Holder) -> Refused:
    since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(holder.since))
    return Refused(
        f"{folder} is held by agent {holder.name} (pid {holder.pid} on {holder.host}, since {since})",
        hint="`trimtab status` tells how far that one is; or stop it first. Another fleet needs its own spec.stateDir",
    )
