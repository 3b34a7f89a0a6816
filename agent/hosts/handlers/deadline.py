import time

from agent.hosts.link import Stream


class Deadline:
    """The moment by which a handler has to be done, all its steps together."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._at = time.monotonic() + seconds

    def left(self) -> float:
        """Return the time that is left. Raises TimeoutError when there is none."""
        left = self._at - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    @property
    def passed(self) -> bool:
        """Whether no time is left."""
        return self._at <= time.monotonic()


class Timed:
    """A stream whose every read and write ends at the deadline: a service that drips bytes gains no time."""

    def __init__(self, below: Stream, deadline: Deadline) -> None:
        self._below = below
        self._deadline = deadline

    def sendall(self, content: bytes) -> None:
        """Write everything."""
        self._below.settimeout(self._deadline.left())
        self._below.sendall(content)

    def recv(self, size: int) -> bytes:
        """Return up to ``size`` bytes, none at the end."""
        self._below.settimeout(self._deadline.left())
        return self._below.recv(size)

    def close(self) -> None:
        """End the connection."""
        self._below.close()
