"""Connections from the host to a TCP address, as OpenSSH forwards them: a channel each.

paramiko can open them as well. It keeps one refusal for all who ask at the same time, though, and drops its words;
probes ask a lot, at the same time, and want to know why.
"""
# ruff: noqa: SLF001 - reaches into paramiko as streamlocal does; tests/hosts opens such channels, so a change is noticed

import threading
from typing import Any, Final

from agent.hosts.ssh.library import paramiko
from agent.ports import Permanent

_CHANNEL_OPEN: Final = b"\x5a"
_PROHIBITED: Final = 1
_WINDOW: Final = 256 * 1024
_PACKET: Final = 32 * 1024
_SEEN: Final = 8192


class Opening(threading.Event):
    """A channel that was asked for: set once there is an answer. One that comes too late is closed again."""

    def __init__(self, channel: paramiko.Channel) -> None:
        super().__init__()
        self.channel = channel
        self.refusal: tuple[int, str] | None = None
        self._given_up = False

    def refused(self, code: int, words: str) -> None:
        """Take note of why the host declines."""
        self.refusal = code, words

    def set(self) -> None:
        """Take note that there is an answer."""
        super().set()
        if self._given_up and self.refusal is None:
            self.channel.close()

    def give_up(self) -> None:
        """Want the channel no more."""
        self._given_up = True
        if self.is_set() and self.refusal is None:
            self.channel.close()


def open_direct(transport: paramiko.Transport, address: str, port: int, *, timeout: float) -> paramiko.Channel:
    """Connect. Raises OSError when the host cannot, TimeoutError without an answer, SSHException without a link."""
    if not transport.is_active():
        raise paramiko.SSHException("the connection ended")
    inside: Any = transport  # what paramiko's open_channel uses itself; its type stubs name no internals
    with transport.lock:
        number: int = inside._next_channel()
        channel = paramiko.Channel(number)
        opening = Opening(channel)
        inside._channels.put(number, channel)
        transport.channel_events[number] = opening
        transport.channels_seen[number] = True
        details: Any = channel
        details._set_transport(transport)
        details._set_window(_WINDOW, _PACKET)
        if len(transport.channels_seen) > _SEEN:
            _forget_old(transport)
    request = paramiko.Message()
    request.add_byte(_CHANNEL_OPEN)
    request.add_string("direct-tcpip")
    for value in (number, _WINDOW, _PACKET):
        request.add_int(value)
    request.add_string(address)
    request.add_int(port)
    request.add_string("127.0.0.1")
    request.add_int(0)
    inside._send_user_message(request)
    if not opening.wait(timeout):
        opening.give_up()
        raise TimeoutError("i/o timeout")
    if opening.refusal is not None:
        raise _declined(*opening.refusal)
    if inside._channels.get(number) is None:
        raise paramiko.SSHException("the connection ended")
    return channel


def _forget_old(transport: paramiko.Transport) -> None:
    """Drop old numbers of channels: paramiko keeps each for ever, and thousands of probes make thousands a day.

    It wants them for what is still under way to a channel that was let go of: the newer half will do.
    """
    inside: Any = transport
    numbers = list(transport.channels_seen)
    old = [number for number in numbers[: -_SEEN // 2] if inside._channels.get(number) is not None]
    transport.channels_seen = dict.fromkeys((*old, *numbers[-_SEEN // 2 :]), True)


def _declined(code: int, words: str) -> Exception:
    if code == _PROHIBITED:
        return Permanent(
            "sshd does not forward TCP for this user",
            hint="probes and port-forward need it: AllowTcpForwarding yes (or local), no DisableForwarding",
        )
    return OSError(words.lower() or "connect failed")
