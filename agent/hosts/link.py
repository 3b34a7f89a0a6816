"""What carries everything to one host: its runtime's socket, and commands."""

from collections.abc import Iterator
from typing import Protocol

from agent.model.value import Value


class Finished(Value, frozen=True, kw_only=True):
    """A command that ended on the host."""

    code: int
    output: bytes
    error: str


class Stream(Protocol):
    """A connection to an address as the host sees it. A socket is one."""

    def sendall(self, content: bytes, /) -> object:
        """Write everything. Raises OSError."""

    def recv(self, size: int, /) -> bytes:
        """Return up to ``size`` bytes, none at the end. Raises OSError, TimeoutError after the time that was set."""

    def settimeout(self, seconds: float | None, /) -> None:
        """Let reads and writes wait this long; None: without end."""

    def close(self) -> None:
        """End the connection."""


class Link(Protocol):
    """A connection to a host, over SSH or to this very machine. Raises PortError from every method."""

    @property
    def target(self) -> str:
        """Where gRPC connects to reach the runtime's socket."""

    def run(self, script: str, *arguments: str, stdin: bytes = b"", timeout: float = 60.0) -> Finished:
        """Run a shell script with arguments on the host; output beyond a bound is an error."""

    def quick(self, script: str, *arguments: str, timeout: float = 10.0) -> Finished:
        """Run a small script through a shell that stays open: a round trip, where ``run`` costs the host a process.

        Three at a time, without input; output beyond a bound is an error. Nothing of it is seen in the host's process
        list. One that takes too long is ended with all that it started, and the next goes through a new shell.
        """

    def stream(self, script: str, *arguments: str) -> Iterator[bytes]:
        """Run a shell script and yield its output as it comes, until it ends or the iterator is closed."""

    def dial(self, address: str, port: int, *, timeout: float) -> Stream:
        """Connect to a TCP port from the host. Raises OSError as the host's own attempt would, besides PortError."""

    def answers(self, within: float) -> bool:
        """Whether the host answers right now: tells a slow service of it from a host that hangs."""

    def failure(self) -> Exception | None:
        """Return why the runtime's socket cannot be reached, where that is known."""

    @property
    def alive(self) -> bool:
        """Whether the connection still stands."""

    def close(self) -> None:
        """Let go of the connection."""
