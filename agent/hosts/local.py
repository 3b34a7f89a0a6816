"""The link to this very machine: the runtime's socket directly, commands as child processes."""

import contextlib
import os
import select
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from typing import IO, Final, cast

from agent.hosts.link import Finished
from agent.hosts.shell import KeptShells, left_until
from agent.ports import Permanent, Temporary, Unreachable

_READ_SIZE: Final = 64 * 1024
_KILLING_SECONDS: Final = 5.0
"""What the kernel gets to end a shell; one that waits for a disk that does not answer ends when the disk does."""


class LocalLink:
    """A host without SSH: ``local: true``."""

    def __init__(self, host: str, socket_path: str) -> None:
        self._host = host
        self._socket_path = socket_path
        self._shells = KeptShells(self._open_shell, host=host)

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
        except OSError as error:
            raise self._cannot_start(error) from None
        return Finished(code=done.returncode, output=done.stdout, error=done.stderr.decode(errors="replace").strip())

    def quick(self, script: str, *arguments: str, timeout: float = 10.0) -> Finished:
        """Run a small script through a shell that stays open."""
        return self._shells.run(script, *arguments, timeout=timeout)

    def _open_shell(self) -> "LocalShell":
        try:
            return LocalShell()
        except OSError as error:
            raise self._cannot_start(error) from None

    def _cannot_start(self, error: OSError) -> Temporary:
        return Temporary(f"{self._host}: no command can be started on this machine: {error.strerror}")

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
        self._ending = threading.Lock()

    @property
    def alive(self) -> bool:
        """Whether the shell still runs."""
        try:
            # It is not reaped by this: until it is, its number, by which its group is killed, is nobody else's.
            return os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None
        except ChildProcessError:
            return False

    def send(self, content: bytes, seconds: float) -> None:
        """Write to its input."""
        left, deadline = memoryview(content), time.monotonic() + seconds
        while left:
            self._await(self._input, select.POLLOUT, left_until(deadline))
            try:
                left = left[os.write(self._input.fileno(), left) :]
            except (BrokenPipeError, ValueError):
                return  # its end is what is read next

    def receive(self, seconds: float) -> bytes:
        """Return what it printed, nothing at its end."""
        self._await(self._output, select.POLLIN, seconds)
        try:
            return os.read(self._output.fileno(), _READ_SIZE)
        except ValueError:
            return b""  # closed meanwhile, by another thread

    def _await(self, pipe: IO[bytes], event: int, seconds: float) -> None:
        """Wait until a pipe is ready, or is at its end. Raises TimeoutError."""
        poll = select.poll()  # select() itself takes no descriptor above 1023, which an agent of many hosts has
        with contextlib.suppress(ValueError):  # closed meanwhile, by another thread
            poll.register(pipe, event)
            if not poll.poll(seconds * 1000):
                raise TimeoutError

    def close(self) -> None:
        """Let it end, and what it runs."""
        self.kill(None)

    def kill(self, pid: int | None) -> None:
        """End it and whatever it runs."""
        del pid  # of this very child
        with self._ending:
            if self._process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self._process.pid, signal.SIGKILL)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._process.wait(_KILLING_SECONDS)
            self._input.close()
            self._output.close()
