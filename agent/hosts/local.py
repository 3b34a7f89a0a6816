"""The link to this very machine: the runtime's socket directly, commands as child processes."""

import os
import subprocess
from collections.abc import Iterator
from typing import Final

from agent.hosts.link import Finished
from agent.ports import Permanent, Temporary, Unreachable

_READ_SIZE: Final = 64 * 1024


class LocalLink:
    """A host without SSH: ``local: true``."""

    def __init__(self, host: str, socket_path: str) -> None:
        self._host = host
        self._socket_path = socket_path

    @property
    def target(self) -> str:
        """Where gRPC connects to reach the runtime's socket."""
        return f"unix:{self._socket_path}"

    @property
    def alive(self) -> bool:
        """Whether the connection still stands: this machine is always there."""
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
        """Nothing is held."""
