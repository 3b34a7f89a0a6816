"""A command in a container, tied to this process's own input, output and terminal."""

import os
import signal
import sys
import termios
import tty as terminals
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Thread
from typing import TYPE_CHECKING, Final

from agent.ports import Unreachable

if TYPE_CHECKING:
    from agent.hosts.host import ContainerdHost
    from agent.hosts.streaming import Command

_READ_SIZE: Final = 32 * 1024


def run_inside(host: "ContainerdHost", container_id: str, command: Sequence[str], *, stdin: bool, tty: bool) -> int:
    """Run a command to its end; return its exit code. Raises PortError."""
    running = host.exec(container_id, command, stdin=stdin, tty=tty)
    try:
        if not tty:
            return _run(running, stdin=stdin)
        with _raw_terminal(), _resizing(running):
            return _run(running, stdin=stdin)
    finally:
        running.close()


def _run(running: "Command", *, stdin: bool) -> int:
    if stdin:
        # Reading a terminal cannot be given up; the thread ends with the process.
        Thread(target=_feed, args=(running,), name="trimtab-stdin", daemon=True).start()
    descriptors = {"stdout": sys.stdout.fileno(), "stderr": sys.stderr.fileno()}
    return running.wait(lambda stream, content: _write(descriptors[stream], content))


def _feed(running: "Command") -> None:
    try:
        while content := os.read(sys.stdin.fileno(), _READ_SIZE):
            running.write(content)
        running.end_input()
    except (OSError, Unreachable):
        pass  # whoever waits for the command's end is told the same, and says so


def _write(descriptor: int, content: bytes) -> None:
    left = memoryview(content)
    while left:
        left = left[os.write(descriptor, left) :]


@contextmanager
def _raw_terminal() -> Iterator[None]:
    """Hand every key on as it is pressed, Ctrl-C too, and leave the terminal as it was found."""
    before = termios.tcgetattr(sys.stdin)
    try:
        terminals.setraw(sys.stdin)
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


@contextmanager
def _resizing(running: "Command") -> Iterator[None]:
    """Tell the command the size of the terminal, now and whenever it changes."""
    changed, to_tell = os.pipe()
    Thread(target=_tell_sizes, args=(running, changed), name="trimtab-size", daemon=True).start()
    # A handler interrupts the thread that may be sending just then, so it only leaves word.
    before = signal.signal(signal.SIGWINCH, lambda _number, _frame: os.write(to_tell, b"."))
    os.write(to_tell, b".")
    try:
        yield
    finally:
        signal.signal(signal.SIGWINCH, before)
        os.close(to_tell)


def _tell_sizes(running: "Command", changed: int) -> None:
    with os.fdopen(changed, "rb", buffering=0) as words:
        while words.read(1):
            try:
                size = os.get_terminal_size(sys.stdin.fileno())
                running.resize(size.columns, size.lines)
            except (OSError, Unreachable):
                return
