"""One SSH connection: fast ciphers first, quiet while idle, and sure to notice a dead peer."""

import socket
import time
from collections.abc import Callable, Sequence
from typing import Final, cast

from agent.hosts.ssh.direct import Opening
from agent.hosts.ssh.library import Packetizer, paramiko
from agent.hosts.ssh.window import bounded_handlers
from agent.hosts.ssh.wire import Wire

_CIPHERS: Final = ("aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "aes128-ctr", "aes192-ctr", "aes256-ctr")
_DIGESTS: Final = (
    "hmac-sha2-256-etm@openssh.com",
    "hmac-sha2-512-etm@openssh.com",
    "hmac-sha2-256",
    "hmac-sha2-512",
)
_KEY_TYPES: Final = (
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "rsa-sha2-512",
    "rsa-sha2-256",
)
_GLOBAL_REQUEST: Final = b"\x50"
_WINDOW: Final = 16 * 1024 * 1024
_BLINK: Final = 0.02
_MOST_PACKET: Final = 256 * 1024 + 64  # as OpenSSH has it, and a digest
_MOST_GREETING: Final = 64 * 1024


class _Packetizer(Packetizer):
    """Reads packets of a size that OpenSSH sends: paramiko would take gigabytes into memory, before it knows whose."""

    _greeted = 0

    def _read_timeout(self, timeout: float) -> bytes:
        """Read a part of the lines that come before all packets."""
        part: bytes = super()._read_timeout(timeout)  # type: ignore[misc] # not in the stubs
        self._greeted += len(part)
        if self._greeted > _MOST_GREETING:
            raise paramiko.SSHException(f": a greeting of more than {_MOST_GREETING} bytes")
        return part

    def read_all(self, n: int, check_rekey: bool = False) -> bytes:
        if n > _MOST_PACKET:
            raise paramiko.SSHException(f"a packet of {n} bytes")
        return super().read_all(n, check_rekey)


class HostTransport(paramiko.Transport):
    """A paramiko transport that sleeps while nothing happens.

    paramiko wakes ten times a second to see whether it was closed; closing the wire wakes it anyway, so it only has
    to wake for keepalives. A keepalive asks for an answer, and a peer that gives none within another interval is
    dead.
    """

    _active_check_timeout = 5.0
    _channel_handler_table = bounded_handlers()

    def __init__(self, wire: Wire, *, timeout: float, known_types: Sequence[str]) -> None:
        super().__init__(cast("socket.socket", wire), default_window_size=_WINDOW, packetizer_class=_Packetizer)
        self.daemon = True
        self.banner_timeout = self.handshake_timeout = self.auth_timeout = self.channel_timeout = timeout
        options = self.get_security_options()
        options.ciphers = _CIPHERS
        options.digests = _DIGESTS
        options.key_types = _preferring(known_types)
        self._wire = wire
        self._received_at_last_ping = -1
        self._silent = False

    def keep_alive(self, interval: float) -> None:
        """Ask the peer for a sign of life whenever the connection was silent for ``interval`` seconds."""
        self._wire.settimeout(interval)
        self.packetizer.set_keepalive(interval / 2, self._ping)

    def get_exception(self) -> Exception | None:
        """Return why the connection ended; paramiko would raise whatever a garbled message made it stumble over."""
        error = super().get_exception()
        if error is None or isinstance(error, (OSError, EOFError, paramiko.SSHException)):
            return error
        return paramiko.SSHException(f"the other side sent what cannot be read: {error}")

    def why_ended(self, error: Exception | None) -> str:
        """Return why the connection ended, as far as this side can tell; ``error`` is what a caller got."""
        if self._silent:
            return "the other side stopped answering"
        return str(self.saved_exception or error or "").strip() or "closed by the other side"

    def answers(self, within: float) -> bool:
        """Ask the peer for a sign of life, and tell whether it gave one in time."""
        before, deadline = self._wire.received, time.monotonic() + within
        send: Callable[[paramiko.Message], None] = self._send_user_message  # type: ignore[attr-defined] # not in the stubs
        send(_sign_of_life())
        while self._wire.received == before and self.is_active() and time.monotonic() < deadline:
            time.sleep(_BLINK)
        return self._wire.received != before

    def _parse_channel_open_failure(self, message: paramiko.Message) -> None:
        """Hand a refusal to whoever asked: paramiko keeps only the newest, for anybody who asks, without its words."""
        opening = self.channel_events.get(message.get_int())
        if isinstance(opening, Opening):
            opening.refused(message.get_int(), message.get_text())
        before = self.saved_exception
        message.rewind()
        super()._parse_channel_open_failure(message)  # type: ignore[misc] # not in the stubs
        if isinstance(opening, Opening):
            self.saved_exception = before

    def _ping(self) -> None:
        if self._wire.received == self._received_at_last_ping:
            self._silent = True
            raise EOFError
        self._received_at_last_ping = self._wire.received
        self.packetizer.send_message(_sign_of_life())


def _sign_of_life() -> paramiko.Message:
    request = paramiko.Message()
    request.add_byte(_GLOBAL_REQUEST)
    request.add_string("keepalive@openssh.com")
    request.add_boolean(True)  # wants an answer; OpenSSH gives one, if only that it does not know the request
    return request


def _preferring(known_types: Sequence[str]) -> tuple[str, ...]:
    """Ask for the kind of key that is pinned first: a host has several, and shows only one."""
    known = {kind for known in known_types for kind in _signatures(known)}
    return tuple(sorted(_KEY_TYPES, key=lambda kind: kind not in known))


def _signatures(key_type: str) -> tuple[str, ...]:
    return ("rsa-sha2-512", "rsa-sha2-256") if key_type == "ssh-rsa" else (key_type,)
