"""Channels to a unix socket of the host, as OpenSSH forwards them; paramiko has no call for that kind.

The one file that reaches into paramiko: its ``open_channel`` shows the fields that every kind of channel begins with.
"""
# ruff: noqa: SLF001 - see above; tests/hosts opens such a channel, so a paramiko that changed inside is noticed

import threading
from typing import Any, Final, Protocol

from agent.hosts.ssh.library import paramiko

_CHANNEL_OPEN: Final = b"\x5a"
_WINDOW_ADJUST: Final = b"\x5d"
# One window for the life of the channel would end; so large a one is topped up once in hundreds of megabytes.
_WINDOW: Final = 1 << 31
_PACKET: Final = 64 * 1024


class Sink(Protocol):
    """Where a channel's incoming bytes go, called from the transport's own thread: no copy, no further thread."""

    def feed(self, content: bytes) -> None:
        """Take bytes that came."""

    def close(self) -> None:
        """Take note that no more will come. May be called more than once."""


def open_streamlocal(
    transport: paramiko.Transport, socket_path: str, sink: Sink, *, timeout: float
) -> paramiko.Channel:
    """Open a ``direct-streamlocal@openssh.com`` channel to a unix socket of the host.

    Raises paramiko.ChannelException when the host refuses, paramiko.SSHException when it does not answer.
    """
    inside: Any = transport  # what paramiko's open_channel uses itself; its type stubs name no internals
    with transport.lock:
        number: int = inside._next_channel()
        channel = paramiko.Channel(number)
        opened = threading.Event()
        inside._channels.put(number, channel)
        transport.channel_events[number] = opened
        transport.channels_seen[number] = True
        _internals(channel)._set_transport(transport)
        _internals(channel)._set_window(_WINDOW, _PACKET)
        deliver_to(channel, sink)
    request = paramiko.Message()
    request.add_byte(_CHANNEL_OPEN)
    request.add_string("direct-streamlocal@openssh.com")
    for value in (number, _WINDOW, _PACKET):
        request.add_int(value)
    request.add_string(socket_path)
    request.add_string("")  # reserved
    request.add_int(0)
    inside._send_user_message(request)  # waits out a key exchange
    if not opened.wait(timeout):
        raise paramiko.SSHException("the host did not answer a request to forward its socket")
    if inside._channels.get(number) is None:
        raise transport.get_exception() or paramiko.SSHException("the connection ended")
    return channel


def deliver_to(channel: paramiko.Channel, sink: Sink) -> None:
    """Let a channel hand what comes to a sink instead of keeping it to be read."""
    _internals(channel).in_buffer = sink


def top_up_window(channel: paramiko.Channel, consumed: int) -> None:
    """Allow the peer to send as much again as a sink consumed, as Channel.recv does after each read."""
    granted = _internals(channel)._check_add_window(consumed)
    if granted:
        adjust = paramiko.Message()
        adjust.add_byte(_WINDOW_ADJUST)
        adjust.add_int(channel.remote_chanid)
        adjust.add_int(granted)
        _internals(channel).transport._send_user_message(adjust)


def _internals(channel: paramiko.Channel) -> Any:  # noqa: ANN401 - paramiko's type stubs name no internals
    return channel
