"""Channels that hold no more than the other side was allowed to send: paramiko grants windows, and keeps to none.

What nobody reads yet lies in memory, so a host that goes on sending would take all of the agent's.
"""
# ruff: noqa: SLF001 - reaches into paramiko as streamlocal does; tests/hosts overruns a window, so a change is noticed

from collections.abc import Callable
from typing import Any, Final

from agent.hosts.ssh.library import BufferedPipe, paramiko

_CHANNEL_DATA: Final = 94
_CHANNEL_EXTENDED_DATA: Final = 95
_Handler = Callable[[Any, paramiko.Message], None]


def bounded_handlers() -> dict[int, _Handler]:
    """Return what paramiko does with messages of channels, but for data beyond a window: that ends the connection."""
    inside: Any = paramiko.Transport  # its type stubs name no internals
    handlers: dict[int, _Handler] = dict(inside._channel_handler_table)
    for kind in (_CHANNEL_DATA, _CHANNEL_EXTENDED_DATA):
        handlers[kind] = _bounded(handlers[kind])
    return handlers


def _bounded(take: _Handler) -> _Handler:
    def handle(channel: Any, message: paramiko.Message) -> None:  # noqa: ANN401 - a channel, with its internals
        take(channel, message)
        unread = (channel.in_buffer, channel.in_stderr_buffer)
        if sum(len(pipe) for pipe in unread if isinstance(pipe, BufferedPipe)) > channel.in_window_size:
            raise paramiko.SSHException("the other side sends more than it may")

    return handle
