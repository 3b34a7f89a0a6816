import ssl
from collections.abc import Callable
from functools import cache
from typing import Final, TypeVar

from agent.hosts.handlers.deadline import Timed

_READ_SIZE: Final = 64 * 1024
T = TypeVar("T")


@cache
def _trusting() -> ssl.SSLContext:
    """Return a context that takes any certificate: a probe asks whether a service lives, not who it is."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class Tls:
    """TLS over a stream that is no socket. Nothing is verified, as a kubelet does not."""

    def __init__(self, below: Timed) -> None:
        self._below = below
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = _trusting().wrap_bio(self._incoming, self._outgoing)
        self._done(self._tls.do_handshake)

    def sendall(self, content: bytes) -> None:
        """Write everything."""
        self._done(lambda: self._tls.write(content))

    def recv(self, size: int) -> bytes:
        """Return up to ``size`` bytes, none at the end."""
        try:
            return self._done(lambda: self._tls.read(size))
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            return b""  # many services end a connection without saying so in TLS

    def close(self) -> None:
        """End the connection."""
        self._below.close()

    def _done(self, step: Callable[[], T]) -> T:
        while True:
            try:
                return step()
            except ssl.SSLWantReadError:
                self._flush()
                if content := self._below.recv(_READ_SIZE):
                    self._incoming.write(content)
                else:
                    self._incoming.write_eof()
            finally:
                self._flush()

    def _flush(self) -> None:
        if content := self._outgoing.read():
            self._below.sendall(content)
