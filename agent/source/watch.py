import contextlib
import os
import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver, ObservedWatch

from agent.model.value import Value
from agent.ports import Permanent

# What writing does, and not what reading does: git reads refs at every pass, and that must not wake the next one.
_WRITES: Final[list[type[FileSystemEvent]]] = [
    FileCreatedEvent,
    FileClosedEvent,
    FileMovedEvent,
    FileDeletedEvent,
    DirCreatedEvent,
    DirMovedEvent,
    DirDeletedEvent,
]
_GATHER: Final = 0.01
_REFS: Final = ("refs", "reftable")
_HEADS: Final = frozenset({"HEAD", "packed-refs", *_REFS})
_POINTER_AT_MOST: Final = 4096


class _Place(Value, frozen=True, kw_only=True):
    """A folder to watch, and which names in it matter; all, at any depth, when ``recursive``."""

    folder: Path
    recursive: bool = False
    names: frozenset[str] = frozenset()


def watch_repository(path: str | Path, wake: Callable[[], None]) -> Callable[[], None]:
    """Call ``wake`` soon after a ref of a repository on this machine changes; returns what ends it.

    A push into a bare repository or a commit in a work tree moves a file below ``refs`` (or rewrites
    ``packed-refs``), which wakes within about 10 ms; one call stands for all of one push. A repository that is
    replaced as a whole is watched on. Raises PortError.
    """
    given = Path(path).absolute()

    def places() -> list[_Place]:
        common = _common_folder(given)
        replaced = sorted({given, _target(given), common})
        above = [_Place(folder=folder.parent, names=frozenset({folder.name})) for folder in replaced]
        below = [_Place(folder=common / name, recursive=True) for name in _REFS]
        return [*above, _Place(folder=common, names=_HEADS), *below]

    return _Watcher(places, wake).close


def watch_files(paths: Iterable[str | Path], wake: Callable[[], None]) -> Callable[[], None]:
    """Call ``wake`` soon after one of some files is written, replaced, made or removed; returns what ends it.

    A symlink wakes both when it is changed and when what it leads to is. Raises PortError.
    """
    files = [Path(path).absolute() for path in paths]

    def places() -> list[_Place]:
        both = sorted({place for file in files for place in (file, _target(file))})
        return [_Place(folder=file.parent, names=frozenset({file.name})) for file in both]

    return _Watcher(places, wake).close


def _common_folder(path: Path) -> Path:
    """Return where a repository keeps its refs, bare or not; those of a linked work tree are elsewhere."""
    folder = path / ".git" if (path / ".git").exists() else path
    if folder.is_file():
        folder = folder.parent / _pointer(folder).removeprefix("gitdir: ")
    common = folder / "commondir"
    return _target(folder / _pointer(common) if common.is_file() else folder)


def _target(path: Path) -> Path:
    """Return where a path leads to; unlike ``Path.resolve`` also where a symlink leads to itself."""
    return Path(os.path.realpath(path))


def _pointer(file: Path) -> str:
    with file.open("rb") as opened:
        return opened.read(_POINTER_AT_MOST).decode("utf-8", "surrogateescape").strip()


class _Watcher(FileSystemEventHandler):
    """Keeps watches on places that may come and go, and gathers what they say into single calls."""

    def __init__(self, places: Callable[[], Sequence[_Place]], wake: Callable[[], None]) -> None:
        self._places = places
        self._wake = wake
        self._stirred = threading.Event()
        self._closed = threading.Event()
        self._watches: dict[tuple[Path, bool], ObservedWatch] = {}
        self._replaced: set[Path] = set()
        self._observer: BaseObserver = Observer()
        try:
            self._observer.start()
            self._settle()
        except OSError as error:
            self._observer.stop()
            raise Permanent(
                f"cannot watch files: {error.strerror}",
                hint="raise fs.inotify.max_user_instances and fs.inotify.max_user_watches with sysctl",
            ) from error
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Watch no more; no call follows."""
        self._closed.set()
        self._stirred.set()
        self._observer.stop()
        self._observer.join()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Wake the thread that calls, when an event is about one of the places."""
        paths = [Path(str(path)) for path in (event.src_path, event.dest_path) if path]
        try:
            places = self._places()
        except OSError:  # a repository that is just being replaced: watchdog's thread would end with it
            self._stirred.set()
            return
        self._replaced.update(path for path in paths if any(path == place.folder for place in places))
        if any(_matters(path, places) for path in paths):
            self._stirred.set()

    def _run(self) -> None:
        while True:
            self._stirred.wait()
            if self._closed.wait(_GATHER):
                return
            self._stirred.clear()
            # Watching comes before waking: what changes after that is seen by one or the other.
            with contextlib.suppress(OSError):
                self._settle()
            self._wake()

    def _settle(self) -> None:
        """Watch what is there now; a folder that was made anew is another one, though its name is the same."""
        replaced, self._replaced = self._replaced, set()
        wanted = {(place.folder, place.recursive) for place in self._places() if place.folder.is_dir()}
        for key, watch in list(self._watches.items()):
            if key not in wanted or not replaced.isdisjoint((key[0], *key[0].parents)):
                del self._watches[key]
                with contextlib.suppress(KeyError, OSError):  # its folder went, and the watch with it
                    self._observer.unschedule(watch)
        for folder, recursive in sorted(wanted - self._watches.keys()):
            watch = self._observer.schedule(self, str(folder), recursive=recursive, event_filter=_WRITES)
            self._watches[folder, recursive] = watch


def _matters(path: Path, places: Sequence[_Place]) -> bool:
    if path.name.endswith(".lock"):
        return False  # git writes beside a ref and then moves; the move counts
    return any(
        place.folder in path.parents if place.recursive else place.folder == path.parent and path.name in place.names
        for place in places
    )
