"""A command in a container, with its input, its output and its end."""

import json
import threading
from collections.abc import Callable
from typing import Any, Final, Literal

from agent.hosts.garbled import UNREADABLE
from agent.hosts.link import Link
from agent.hosts.streaming.connection import Connection, connect
from agent.hosts.streaming.spdy import Frame
from agent.ports import Temporary, Unreachable

_PROTOCOL: Final = "v4.channel.k8s.io"
_MOST_STATUS: Final = 64 * 1024
Output = Literal["stdout", "stderr"]


class Command:
    """A command that runs. Input may be written by one thread while another one waits for the end."""

    def __init__(self, connection: Connection, *, host: str, stdin: bool, tty: bool) -> None:
        self._connection, self._host = connection, host
        self._status = bytearray()
        self._ended = threading.Event()
        self._error = self._stream("error")
        self._input = self._stream("stdin") if stdin else None
        self._outputs: dict[int, Output] = {self._stream("stdout"): "stdout"}
        if not tty:
            self._outputs[self._stream("stderr")] = "stderr"
        self._resize = self._stream("resize") if tty else None

    def _stream(self, kind: str) -> int:
        return self._connection.open_stream({"streamtype": kind})

    def write(self, content: bytes) -> None:
        """Give the command input; what comes too late for it is dropped. Raises Unreachable."""
        if self._input is not None:
            self._unless_ended(lambda stream: self._connection.write(stream, content), self._input)

    def end_input(self) -> None:
        """Tell the command that no more input comes; not on a terminal, which would be gone. Raises Unreachable."""
        if self._input is not None and self._resize is None:
            self._unless_ended(self._connection.finish, self._input)

    def resize(self, columns: int, rows: int) -> None:
        """Tell the command how large its terminal is now. Raises Unreachable."""
        if self._resize is not None:
            size = json.dumps({"Width": columns, "Height": rows}).encode()
            self._unless_ended(lambda stream: self._connection.write(stream, size), self._resize)

    def _unless_ended(self, tell: Callable[[int], None], stream: int) -> None:
        try:
            tell(stream)
        except Unreachable:
            if not self._ended.is_set():
                raise

    def wait(self, take: Callable[[Output, bytes], object]) -> int:
        """Hand output on as it comes; return the command's exit code once it ended. Raises PortError."""
        for frame in self._connection.frames():
            if self._take(frame, take):
                break
        self._ended.set()
        return exit_code(bytes(self._status), host=self._host)

    def _take(self, frame: Frame, take: Callable[[Output, bytes], object]) -> bool:
        """Handle one frame; tell whether it was the last."""
        if frame.kind == "end":
            return True
        if frame.stream in self._outputs and frame.content:
            take(self._outputs[frame.stream], frame.content)
        if frame.stream == self._error:
            self._status += frame.content[: _MOST_STATUS - len(self._status)]
        return frame.stream == self._error and (frame.fin or frame.kind == "reset")

    def close(self) -> None:
        """Let go of the command: one that has not ended is killed by the runtime, or loses its input and output."""
        self._ended.set()
        self._connection.close()


def exit_code(status: bytes, *, host: str) -> int:
    """Read the status that ends a command. Raises Temporary when it did not run, or when nothing tells how it ended."""
    try:
        told: Any = json.loads(status or b"{}")
        result = told.get("status")
        if result == "Success":
            return 0
        if told.get("reason") == "NonZeroExitCode":
            return int(next(each["message"] for each in told["details"]["causes"] if each["reason"] == "ExitCode"))
        message = str(told.get("message") or "")
    except (*UNREADABLE, StopIteration):
        raise Temporary(f"{host}: containerd told the end of the command in words that are not known") from None
    if not message:
        raise Temporary(f"{host}: the command ended without telling how: its container, or containerd, went away")
    raise Temporary(f"{host}: {message[:500]}")


def start_command(link: Link, url: str, *, host: str, stdin: bool, tty: bool) -> Command:
    """Start the command that was prepared with CRI's Exec. Raises PortError."""
    return Command(connect(link, url, _PROTOCOL, host=host), host=host, stdin=stdin, tty=tty)
