import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from agent.ports import Permanent, PortError, Temporary

PRIVATE: Final = 0o600


@contextlib.contextmanager
def explained(doing: str, path: Path) -> Iterator[None]:
    """Turn an operating system's refusal into one of a port, saying what was tried, where, and what to do."""
    try:
        yield
    except PermissionError as error:
        raise Permanent(
            f"may not {doing} {path}",
            hint="run as the user that the agent runs as, or name another folder in spec.stateDir",
        ) from error
    except OSError as error:
        raise _temporary_or_permanent(error)(
            f"could not {doing} {path}: {error.strerror}",
            hint="see that spec.stateDir names a folder on a writable disk with free space",
        ) from error


def _temporary_or_permanent(error: OSError) -> type[PortError]:
    lasting = (NotADirectoryError, FileNotFoundError, IsADirectoryError, FileExistsError)
    return Permanent if isinstance(error, lasting) else Temporary


def make_folder(path: Path) -> None:
    """Make the state directory, for its owner alone, where it is missing. Raises PortError."""
    with explained("make the folder", path):
        path.mkdir(mode=0o700, parents=True, exist_ok=True)


def replace_file(path: Path, content: bytes, *, mode: int = PRIVATE, durable: bool = True) -> None:
    """Replace a file as a whole: after a crash at any instant it holds the old content or the new, never a mix.

    For one writer at a time, the one that holds the state directory's lock: the name of the file in the making is
    fixed, so that a crash leaves at most one behind and the next write takes it over. What is not ``durable`` need not
    outlive a power cut, and costs the disk no flush. Raises PortError.
    """
    making = path.with_name(f".{path.name}.new")
    with explained("write", path):
        descriptor = os.open(making, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, mode)
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, mode)  # a left-over of an earlier crash keeps its own mode, and umask takes from ours
            file.write(content)
            file.flush()
            if durable:
                os.fsync(descriptor)
        making.replace(path)
        if durable:
            sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """Make renames in a folder survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
