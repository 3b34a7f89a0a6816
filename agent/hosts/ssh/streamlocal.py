"""Channels to a unix socket of the host, as OpenSSH forwards them; paramiko has no call for that kind."""

import threading
from typing import Final, Protocol

from agent.hosts.ssh.library import paramiko

_CHANNEL_OPEN: Final = b"\x5a"
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
    with transport.lock:
        number = transport._next_channel()  # noqa: SLF001 - the part of open_channel that fits every kind
        channel = paramiko.Channel(number)
        opened = threading.Event()
        transport._channels.put(number, channel)  # noqa: SLF001 - same
        transport.channel_events[number] = opened
        transport.channels_seen[number] = True
        channel._set_transport(transport)  # noqa: SLF001 - same
        channel._set_window(_WINDOW, _PACKET)  # noqa: SLF001 - same
        deliver_to(channel, sink)
    request = paramiko.Message()
    request.add_byte(_CHANNEL_OPEN)
    request.add_string("direct-streamlocal@openssh.com")
    for number in (number, _WINDOW, _PACKET):
        request.add_int(number)
    request.add_string(socket_path)
    request.add_string("")  # reserved
    request.add_int(0)
    transport._send_user_message(request)  # noqa: SLF001 - waits out a key exchange, as open_channel does
    if not opened.wait(timeout):
        raise paramiko.SSHException("the host did not answer a request to forward its socket")
    if transport._channels.get(channel.chanid) is None:  # noqa: SLF001 - how open_channel learns of a refusal
        raise transport.get_exception() or paramiko.SSHException("the connection ended")
    return channel


def deliver_to(channel: paramiko.Channel, sink: Sink) -> None:
    """Let a channel hand what comes to a sink instead of keeping it to be read."""
    channel.in_buffer = sink


def top_up_window(channel: paramiko.Channel, consumed: int) -> None:
    """Allow the peer to send as much again as a sink consumed."""
    granted = channel._check_add_window(consumed)  # noqa: SLF001 - what Channel.recv does after each read
    if granted:
        adjust = paramiko.Message()
        adjust.add_byte(b"\x5d")
        adjust.add_int(channel.remote_chanid)
        adjust.add_int(granted)
        channel.transport._send_user_message(adjust)  # noqa: SLF001 - same
