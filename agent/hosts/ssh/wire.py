"""The byte stream below an SSH transport: few system calls, and no wake-ups while nothing happens."""

import contextlib
import socket
import struct
from typing import Final

from agent.hosts.ssh.library import paramiko

_READ_SIZE: Final = 256 * 1024
_PROBES: Final = 3


class Wire:
    """What paramiko takes for a socket: reads ahead, and waits in the kernel instead of polling.

    paramiko asks for single headers and bodies; a read of what is there answers many of those. ``received`` counts
    bytes, so that a keepalive can tell whether the other side lives.
    """

    def __init__(self, below: "socket.socket | paramiko.Channel") -> None:
        self._below = below
        self._tcp = below if isinstance(below, socket.socket) else None
        self._ahead = b""
        self._at = 0
        self._closed = False
        self.received = 0

    def recv(self, size: int) -> bytes:
        """Return up to ``size`` bytes, none at the end of the stream. Raises TimeoutError while nothing comes."""
        if self._at >= len(self._ahead):
            try:
                self._ahead = self._below.recv(_READ_SIZE)
            except BlockingIOError as error:  # how SO_RCVTIMEO says that its time is over
                raise TimeoutError from error
            self._at = 0
            self.received += len(self._ahead)
            if self._tcp:
                # sshd writes small packets one by one and, unless it runs an interactive session, waits for each to
                # be acknowledged (Nagle); the kernel would put that off for 40 ms. The option lasts for one answer.
                with contextlib.suppress(OSError):
                    self._tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        taken = self._ahead[self._at : self._at + size]
        self._at += len(taken)
        return taken

    def send(self, content: bytes) -> int:
        """Write some of ``content``; return how much."""
        return self._below.send(content)

    def settimeout(self, seconds: float) -> None:
        """Let reads wait this long. A real socket stays blocking: the kernel keeps the time, one call a read."""
        if self._tcp:
            whole = int(seconds)
            wait = struct.pack("ll", whole, int((seconds - whole) * 1_000_000))
            self._tcp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, wait)
        else:
            self._below.settimeout(seconds)

    def close(self) -> None:
        """End the stream; a read that waits in another thread returns."""
        self._closed = True
        if self._tcp:
            with contextlib.suppress(OSError):
                self._tcp.shutdown(socket.SHUT_RDWR)
        self._below.close()


def dial(address: str, port: int, *, timeout: float, keepalive: float) -> Wire:
    """Connect over TCP so that a dead path is noticed by the kernel. Raises OSError."""
    connection = socket.create_connection((address, port), timeout)
    connection.settimeout(None)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    # Bytes that stay unacknowledged this long end the connection, whoever wrote them.
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(keepalive * _PROBES * 1000))
    return Wire(connection)
