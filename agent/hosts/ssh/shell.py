"""A shell on the other side of an SSH connection, over a channel that stays open."""

import contextlib
import time
from collections.abc import Callable
from typing import Final

from agent.hosts.ssh import command as commands
from agent.hosts.ssh.library import paramiko
from agent.ports import PortError

_READ_SIZE: Final = 256 * 1024

# sshd leaves a command alone when its channel closes: it is ended by its process id, with all that it started.
_END: Final = """
end() {
  set -- "$1" $(cat "/proc/$1"/task/*/children)
  kill -KILL "$1"
  shift
  for child; do end "$child"; done
}
end "$1" 2>/dev/null
"""


class RemoteShell:
    """The shell behind a channel; ``end`` runs a script with a process id on the host."""

    def __init__(self, channel: paramiko.Channel, *, end: Callable[[str, str], object]) -> None:
        self._channel = channel
        self._end = end

    @property
    def alive(self) -> bool:
        """Whether the shell still runs, as far as sshd told."""
        return not (self._channel.closed or self._channel.eof_received)

    def send(self, content: bytes, seconds: float) -> None:
        """Write to its input."""
        commands.send(self._channel, content, time.monotonic() + seconds)

    def receive(self, seconds: float) -> bytes:
        """Return what it printed, nothing at its end."""
        part = commands.receive(self._channel, _READ_SIZE, time.monotonic() + seconds)
        if not part and not commands.ended_by_itself(self._channel):
            raise EOFError
        return part

    def close(self) -> None:
        """Let it end: its input does."""
        with contextlib.suppress(OSError, EOFError, paramiko.SSHException):
            self._channel.close()

    def kill(self, pid: int | None) -> None:
        """End it and whatever it runs."""
        runs = self.alive
        self.close()
        if runs and pid is not None:
            with contextlib.suppress(PortError):
                self._end(_END, str(pid))
