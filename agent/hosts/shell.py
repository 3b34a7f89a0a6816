"""Shells on a host that stay open: a small command costs a round trip, not a channel and a process of sshd's.

The shell is told everything through its input, so `ps` on the host shows ``sh`` and nothing of what it is to do. An
answer is framed by a word that nobody can guess: whatever a host's own profile prints is told apart from it.
"""

import re
import secrets
import shlex
import time
from collections.abc import Callable
from queue import Empty, LifoQueue
from typing import Final, Protocol

from agent.hosts.link import Finished
from agent.ports import Temporary, Unreachable

_SHELLS: Final = 3
_MOST_OUTPUT: Final = 32 * 1024 * 1024

_PREAMBLE: Final = "exec 3>&1 2>/dev/null\nexport LC_ALL=C\n"

# What goes wrong in the command, its own exit included, ends the subshell around it; the kept shell goes on. Standard
# output goes straight through, standard error is what the substitution catches.
_REQUEST: Final = r"""printf '\n%s %s\n' {word} $$
error=$(exec 2>&1 >&3 3>&- </dev/null; set -- {arguments}; eval {script})
printf '\n%s %s\n%s\n%s\n' {word} $? "$error" {word}
"""

# What the word stands before in an answer: the shell's process id and what the command printed; its exit code and what
# went wrong; the end. Whatever comes before it is the host's own.
_PARTS: Final = 4
_BEGUN: Final = re.compile(rb" (\d{1,9})\n(.*)", re.DOTALL)
_ENDED: Final = re.compile(rb" (\d{1,3})\n(.*)", re.DOTALL)


class Stream(Protocol):
    """The input and output of a shell that runs somewhere. Raises PortError when it is lost."""

    @property
    def alive(self) -> bool:
        """Whether the shell still runs, as far as this side knows."""

    def send(self, content: bytes, seconds: float) -> None:
        """Write to its input. Raises TimeoutError."""

    def receive(self, seconds: float) -> bytes:
        """Return what it printed, nothing at its end. Raises TimeoutError."""

    def close(self) -> None:
        """Let it end."""

    def kill(self, pid: int | None) -> None:
        """End it and whatever it runs; ``pid`` is its process id on the host, where it told it."""


class KeptShells:
    """Shells of one host, each started when it is first needed and again when it was lost; shared by all threads.

    There are three: a command that hangs for its whole time, on a disk that does not answer say, is not in others' way.
    """

    def __init__(self, start: Callable[[], Stream], *, host: str) -> None:
        self._host = host
        self._shells = tuple(_Shell(start, host) for _ in range(_SHELLS))
        self._idle: LifoQueue[_Shell] = LifoQueue()  # so that another is only started while all others are busy
        for shell in reversed(self._shells):
            self._idle.put(shell)

    def run(self, script: str, *arguments: str, timeout: float) -> Finished:
        """Run a script with arguments. Raises Temporary when it takes too long, or PortError when it is lost."""
        deadline = time.monotonic() + timeout
        try:
            shell = self._idle.get(timeout=timeout)
        except Empty:
            raise Temporary(f"{self._host}: other commands did not end within {timeout:g} s") from None
        try:
            return shell.ask(script, arguments, deadline)
        except TimeoutError:
            raise Temporary(f"{self._host}: a command did not end within {timeout:g} s") from None
        finally:
            self._idle.put(shell)

    def close(self) -> None:
        """Let the shells end; a command that one runs is given up."""
        for shell in self._shells:
            shell.close()


class _Shell:
    """One of them, used by one thread at a time."""

    def __init__(self, start: Callable[[], Stream], host: str) -> None:
        self._start = start
        self._host = host
        self._stream: Stream | None = None
        self._closed = False

    def ask(self, script: str, arguments: tuple[str, ...], deadline: float) -> Finished:
        """Run a script. Raises TimeoutError or PortError; the shell is a new one next time then."""
        stream, greeting = self._stream, ""
        if self._closed:
            raise Unreachable(f"{self._host}: the connection was closed")
        if stream is None or not stream.alive:
            if stream:
                stream.close()
            stream, greeting = self._start(), _PREAMBLE
            self._stream = stream
            if self._closed:  # meanwhile: whoever closed may not have seen it
                stream.close()
                raise Unreachable(f"{self._host}: the connection was closed")
        word = secrets.token_hex(16)
        request = _REQUEST.format(word=word, arguments=shlex.join(arguments), script=shlex.quote(script))
        if "\0" in request:
            raise ValueError("no argument of a command can hold a NUL")
        answer = _Answer(word.encode())
        try:
            stream.send((greeting + request).encode("utf-8", "surrogateescape"), left_until(deadline))
            return self._receive(stream, answer, deadline)
        except BaseException:
            # Whatever it goes on to print belongs to no request any more.
            self._stream = None
            stream.kill(answer.pid())
            raise

    def _receive(self, stream: Stream, answer: "_Answer", deadline: float) -> Finished:
        while (finished := answer.finished()) is None:
            part = stream.receive(left_until(deadline))
            if not part:
                raise Temporary(f"{self._host}: the shell for small commands ended in the middle of one")
            answer.take(part)
            if answer.size > _MOST_OUTPUT:
                raise Temporary(f"{self._host}: a command printed more than {_MOST_OUTPUT} bytes")
        return finished

    def close(self) -> None:
        """Let it end."""
        self._closed = True
        stream, self._stream = self._stream, None
        if stream:
            stream.close()


class _Answer:
    """What a shell has printed so far in answer to one request."""

    def __init__(self, word: bytes) -> None:
        self._mark = b"\n" + word
        self._text = bytearray()

    def take(self, part: bytes) -> None:
        """Add what came."""
        self._text += part

    @property
    def size(self) -> int:
        """How much came."""
        return len(self._text)

    def pid(self) -> int | None:
        """Return the shell's process id, which comes before anything else."""
        begun = _BEGUN.match(self._text.partition(self._mark)[2])
        return int(begun[1]) if begun else None

    def finished(self) -> Finished | None:
        """Return the whole answer; None while it is not all there."""
        parts = bytes(self._text).split(self._mark) if self._text.endswith(self._mark + b"\n") else []
        if len(parts) != _PARTS:
            return None
        begun, ended = _BEGUN.fullmatch(parts[1]), _ENDED.fullmatch(parts[2])
        if begun is None or ended is None:
            return None
        return Finished(code=int(ended[1]), output=begun[2], error=ended[2].decode(errors="replace").strip())


def left_until(deadline: float) -> float:
    """Return the seconds until a moment of the monotonic clock. Raises TimeoutError when there are none."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
