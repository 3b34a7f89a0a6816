"""Files to and from a container, as tar archives through a command in it."""

import io
import os
import posixpath
import shutil
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import IO, TYPE_CHECKING, Final

import typer
from rich.console import Console
from rich.progress import DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from agent.cli.render.escape import printable
from agent.model.value import Value
from agent.ports import Permanent, PortError, Temporary

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

    from agent.hosts.host import ContainerdHost
    from agent.hosts.streaming import Command

_MOST_SAID: Final = 2000
_MOST_PADDING: Final = 1 << 20
"""Bytes behind the end of an archive that are read: tar fills its last record up."""


class Place(Value, frozen=True, kw_only=True):
    """A path in a pod."""

    namespace: str
    pod: str
    path: str


def parse_place(written: str) -> Place | None:
    """Read ``[NAMESPACE/]POD:PATH``; None for a local path. Raises Permanent."""
    named, colon, path = written.partition(":")
    if not colon or named.startswith((".", "/")):
        return None
    if not path:
        raise Permanent(f"{written!r} names no path in the pod", hint=f"{named}:/path/in/the/container")
    namespace, _, pod = named.rpartition("/")
    return Place(namespace=namespace, pod=pod, path=path)


class Running:
    """A command in a container, without a terminal: its output goes to a pipe, its errors are kept."""

    def __init__(self, host: "ContainerdHost", container_id: str, command: Sequence[str], *, stdin: bool) -> None:
        self._command: Command = host.exec(container_id, command, stdin=stdin, tty=False)
        self._said = b""
        self._code = -1
        self._failed: PortError | None = None
        reading, self._writing = os.pipe()
        self.output: IO[bytes] = os.fdopen(reading, "rb")
        self._waiting = Thread(target=self._wait, name="trimtab-copy", daemon=True)
        self._waiting.start()

    def _wait(self) -> None:
        try:
            self._code = self._command.wait(self._take)
        except BrokenPipeError:
            self._code = 0  # who read the archive has had enough of it, and says why
        except PortError as error:
            self._failed = error
        finally:
            os.close(self._writing)

    def _take(self, stream: str, content: bytes) -> None:
        if stream == "stderr":
            self._said = (self._said + content)[-_MOST_SAID:]
            return
        left = memoryview(content)
        while left:
            left = left[os.write(self._writing, left) :]

    def write(self, content: bytes) -> int:
        """Give the command input, as a file does."""
        self._command.write(content)
        return len(content)

    def end(self) -> tuple[int, str]:
        """End the input; return the exit code and what was said on standard error. Raises PortError."""
        self._command.end_input()
        self._waiting.join()
        if self._failed:
            raise _no_tar(self._failed)
        said = self._said.decode(errors="replace").strip().splitlines()
        return self._code, "; ".join(printable(line) for line in said)

    def close(self) -> None:
        """Let go of the command."""
        self.output.close()
        self._command.close()


def _no_tar(error: PortError) -> PortError:
    if "executable file not found" in str(error):
        return Permanent("the container's image has no tar", hint="`trimtab exec POD -i -- sh -c 'cat >FILE' <FILE`")
    return error


@contextmanager
def _running(host: "ContainerdHost", container_id: str, command: Sequence[str], *, stdin: bool) -> Iterator[Running]:
    running = Running(host, container_id, command, stdin=stdin)
    try:
        yield running
    finally:
        running.close()


@contextmanager
def _progress(name: str) -> Iterator[Progress]:
    """Show on a terminal how much was copied; elsewhere nothing."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}", markup=False), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=console, transient=True, disable=not sys.stderr.isatty()) as progress:
        progress.add_task(printable(name), total=None)
        yield progress


def send(host: "ContainerdHost", container_id: str, source: Path, target: str) -> None:
    """Copy a local file or folder into a container; into ``target`` where that is a folder. Raises PortError."""
    if not source.exists():
        raise Permanent(f"{source} doesn't exist in local filesystem")
    if _is_folder(host, container_id, target):
        target = posixpath.join(target, source.resolve().name)
    folder, name = posixpath.split(target.rstrip("/"))
    command = ["tar", "-xmf", "-", "-C", folder or "."]
    with _running(host, container_id, command, stdin=True) as running, _progress(str(source)) as progress:
        try:
            with tarfile.open(fileobj=_Counted(running, progress), mode="w|") as archive:
                archive.add(source, arcname=name)
        except OSError as error:
            raise Permanent(f"{source} cannot be read: {error}") from None
        code, said = running.end()
    if code:
        raise Temporary(f"tar in the container failed: {said or f'exit code {code}'}")


class _Counted(io.BytesIO):
    """Hands an archive on as it is made, and shows how much."""

    def __init__(self, running: Running, progress: Progress) -> None:
        super().__init__()
        self._running, self._progress = running, progress

    def write(self, content: "ReadableBuffer", /) -> int:
        written = bytes(content)
        self._progress.advance(self._progress.task_ids[0], len(written))
        return self._running.write(written)


def _is_folder(host: "ContainerdHost", container_id: str, path: str) -> bool:
    with _running(host, container_id, ["test", "-d", path], stdin=False) as running:
        return running.end()[0] == 0


def receive(host: "ContainerdHost", container_id: str, source: str, target: Path) -> None:
    """Copy a file or folder of a container here; into ``target`` where that is a folder. Raises PortError.

    All of it is unpacked beside the target first, in a folder of its own, and moved once it is whole.
    """
    folder, name = posixpath.split(posixpath.normpath(source))
    if not name or name == "..":
        raise Permanent(f"{source!r} has no name that it could be copied under", hint="copy a folder in it")
    command = ["tar", "cf", "-", "-C", folder or ".", "--", name]
    parent = target.absolute() if target.is_dir() else target.absolute().parent
    if not parent.is_dir():
        raise Permanent(f"there is no folder {parent} to copy to")
    with (
        tempfile.TemporaryDirectory(prefix=".trimtab-cp-", dir=parent) as staging,
        _running(host, container_id, command, stdin=False) as running,
        _progress(source) as progress,
    ):
        broken = unpack(running.output, Path(staging), name, progress)
        if not broken:
            running.output.read(_MOST_PADDING)
        running.output.close()  # a command that goes on writing must not wait for a reader
        code, said = running.end()
        if code:
            raise Temporary(f"tar in the container failed: {said or f'exit code {code}'}")
        if broken:
            raise Permanent(f"what came from the container is not taken: {broken}")
        _move(Path(staging) / name, target)


def unpack(archive: IO[bytes], folder: Path, name: str, progress: Progress) -> str:
    """Unpack a hostile archive; return why it was not taken, if it was not.

    Without links nothing can lead out; tarfile's data filter refuses absolute paths, ``..`` and devices.
    """
    try:
        with tarfile.open(fileobj=archive, mode="r|") as members:
            for member in members:
                if member.name.split("/", 1)[0] != name:
                    return f"{printable(member.name)!r} was not asked for"
                if member.issym():
                    told = f'warning: skipping symlink: "{printable(member.name)}" -> "{printable(member.linkname)}"'
                    typer.echo(told, err=True)
                    continue
                members.extract(member, folder, filter="data")
                progress.advance(progress.task_ids[0], member.size)
    except (tarfile.TarError, OSError) as error:
        return printable(str(error))
    return ""


def _move(found: Path, target: Path) -> None:
    if not found.exists():
        raise Permanent("nothing was copied", hint="symbolic links are not: copy what they lead to")
    if found.is_dir() and target.is_dir():
        shutil.copytree(found, target, dirs_exist_ok=True, symlinks=True)
    else:
        place = target / found.name if target.is_dir() else target
        os.replace(found, place)  # noqa: PTH105 - a folder or a file, whichever it is
