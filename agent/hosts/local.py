"""The link to this very machine: the runtime's socket directly, commands as child processes."""

import contextlib
import os
import select
import signal
import socket
import subprocess
from collections.abc import Iterator
from typing import IO, Final, cast

from agent.hosts.link import Finished
from agent.hosts.shell import KeptShells
from agent.ports import Permanent, Temporary, Unreachable

_READ_SIZE: Final = 64 * 1024


class LocalLink:
    """A host without SSH: ``local: true``."""

    def __init__(self, host: str, socket_path: str) -> None:
        self._host = host
        self._socket_path = socket_path
        self._shells = KeptShells(LocalShell, host=host)

    @property
    def target(self) -> str:
        """Where gRPC connects to reach the runtime's socket."""
        return f"unix:{self._socket_path}"

    @property
    def alive(self) -> bool:
        """Whether the connection still stands: this machine is always there."""
        return True

    def dial(self, address: str, port: int, *, timeout: float) -> socket.socket:
        """Connect to a TCP port."""
        return socket.create_connection((address, port), timeout)

    def answers(self, within: float) -> bool:
        """Whether the host answers right now: this machine does."""
        del within
        return True

    def failure(self) -> Exception | None:
        """Return why the runtime's socket cannot be reached, where that is known."""
        if not os.path.exists(self._socket_path):  # noqa: PTH110 - one question about one path
            return Unreachable(
                f"{self._host}: there is no socket {self._socket_path}",
                hint="is containerd running (systemctl status containerd)? See spec.runtimeEndpoint of the Host",
            )
        if not os.access(self._socket_path, os.W_OK):
            return Permanent(
                f"{self._host}: no rights on {self._socket_path}", hint="run trimtab as root for a local: true host"
            )
        return None

    def run(self, script: str, *arguments: str, stdin: bytes = b"", timeout: float = 60.0) -> Finished:
        """Run a shell script with arguments and wait for its end."""
        try:
            done = subprocess.run(
                ["sh", "-c", script, "sh", *arguments], input=stdin, capture_output=True, timeout=timeout, check=False
            )
        except subprocess.TimeoutExpired:
            raise Temporary(f"{self._host}: a command did not end within {timeout:g} s") from None
        return Finished(code=done.returncode, output=done.stdout, error=done.stderr.decode(errors="replace").strip())

    def quick(self, script: str, *arguments: str, timeout: float = 10.0) -> Finished:
        """Run a small script through a shell that stays open."""
        return self._shells.run(script, *arguments, timeout=timeout)

    def stream(self, script: str, *arguments: str) -> Iterator[bytes]:
        """Run a shell script and yield its output as it comes, until it ends or the iterator is closed."""
        with subprocess.Popen(
            ["sh", "-c", script, "sh", *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
        ) as process:
            try:
                if process.stdout:
                    while part := process.stdout.read1(_READ_SIZE):  # type: ignore[attr-defined] # a BufferedReader
                        yield part
            finally:
                process.terminate()

    def close(self) -> None:
        """Let go of the shell."""
        self._shells.close()


class LocalShell:
    """A shell that stays open, as a child in a process group of its own."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            ["sh"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            start_new_session=True,
        )
        self._input, self._output = cast("IO[bytes]", self._process.stdin), cast("IO[bytes]", self._process.stdout)
        os.set_blocking(self._input.fileno(), False)

    @property
    def alive(self) -> bool:
        """Whether the shell still runs."""
        return self._process.poll() is None

    def send(self, content: bytes, seconds: float) -> None:
        """Write to its input."""
        left = memoryview(content)
        while left:
            if not select.select([], [self._input], [], seconds)[1]:
                raise TimeoutError
            try:
                left = left[os.write(self._input.fileno(), left) :]
            except BrokenPipeError:
                return  # its end is what is read next

    def receive(self, seconds: float) -> bytes:
        """Return what it printed, nothing at its end."""
        try:
            if not select.select([self._output], [], [], seconds)[0]:
                raise TimeoutError
            return os.read(self._output.fileno(), _READ_SIZE)
        except ValueError:
            return b""  # closed meanwhile, by another thread

    def close(self) -> None:
        """Let it end, and what it runs."""
        self.kill(None)

    def kill(self, pid: int | None) -> None:
        """End it and whatever it runs."""
        del pid  # of this very child
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._input.close()
        self._output.close()
