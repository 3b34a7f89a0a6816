"""A unix socket of our own that leads to the runtime's socket on a host: grpcio connects to paths only."""

import contextlib
import shutil
import socket
import struct
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from agent.hosts.ssh.library import paramiko
from agent.hosts.ssh.streamlocal import Sink, top_up_window
from agent.ports import PortError

_READ_SIZE: Final = 256 * 1024
_STALLED_SECONDS: Final = 10


class _ToLocal:
    """Hands bytes from the host to gRPC, straight from the transport's thread."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._consumed = 0
        # gRPC always reads. Should it ever not, its connection ends rather than the whole host's.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", _STALLED_SECONDS, 0))

    def feed(self, content: bytes) -> None:
        try:
            self._connection.sendall(content)
        except OSError:
            self.close()
        self._consumed += len(content)

    def take_consumed(self) -> int:
        consumed, self._consumed = self._consumed, 0
        return consumed

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)


class Relay:
    """Serves one gRPC connection, with one thread that sleeps while nothing is sent.

    ``open_channel`` makes the connection to the runtime's socket; why it failed is kept in ``failure``. The path is
    removed once it has served: an agent that is killed leaves nothing behind, and a connection that is lost is made
    anew with everything below it.
    """

    def __init__(self, open_channel: Callable[[Sink], paramiko.Channel]) -> None:
        self._open_channel = open_channel
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._folder = Path(tempfile.mkdtemp(prefix="trimtab-"))  # 0700: nobody else reaches the runtime through it
        try:
            self._listener.bind(str(self._folder / "cri.sock"))
        except OSError:
            self._remove_path()
            raise
        self._listener.listen(1)
        self._served: socket.socket | None = None
        self.failure: PortError | None = None
        threading.Thread(target=self._serve, name="trimtab-relay", daemon=True).start()

    @property
    def target(self) -> str:
        """Where gRPC connects."""
        return f"unix:{self._folder / 'cri.sock'}"

    def _serve(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except OSError:
            return
        self._served = connection
        self._remove_path()
        with connection:
            self._pump(connection)

    def _pump(self, connection: socket.socket) -> None:
        sink = _ToLocal(connection)
        try:
            channel = self._open_channel(sink)
        except PortError as error:
            self.failure = error
            return
        try:
            while content := connection.recv(_READ_SIZE):
                channel.sendall(content)
                top_up_window(channel, sink.take_consumed())
        except (OSError, EOFError, paramiko.SSHException):
            pass  # gRPC sees its connection end; whoever made the call finds out why
        finally:
            with contextlib.suppress(OSError, EOFError, paramiko.SSHException):
                channel.close()

    def close(self) -> None:
        """Stop serving."""
        self._remove_path()
        if self._served:
            with contextlib.suppress(OSError):
                self._served.shutdown(socket.SHUT_RDWR)

    def _remove_path(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        shutil.rmtree(self._folder, ignore_errors=True)
