"""A way to a port of a pod, through its own network: servers on the pod's loopback are reached as well."""

from collections.abc import Iterator
from typing import Final

from agent.hosts.link import Link
from agent.hosts.streaming.connection import Connection, connect
from agent.ports import Temporary

_PROTOCOL: Final = "portforward.k8s.io"
_MOST_SAID: Final = 500


class Tunnel:
    """One TCP connection to a port of a pod. One thread writes, one reads.

    It has a connection of its own to the streaming server, so that one that nobody reads holds up no other.
    """

    def __init__(self, connection: Connection, port: int) -> None:
        self._connection = connection
        headers = {"port": str(port), "requestid": "0"}
        self._error = connection.open_stream({"streamtype": "error", **headers})
        connection.finish(self._error)
        self._data = connection.open_stream({"streamtype": "data", **headers})

    def write(self, content: bytes) -> None:
        """Send bytes to the pod. Raises Unreachable."""
        self._connection.write(self._data, content)

    def finish(self) -> None:
        """Tell the pod that no more comes. Raises Unreachable."""
        self._connection.finish(self._data)

    def read(self) -> Iterator[bytes]:
        """Yield what the pod sends until it ends. Raises Temporary when the pod does not take the connection."""
        said = b""
        for frame in self._connection.frames():
            ended = frame.fin or frame.kind == "reset"
            if frame.stream == self._error:
                said = (said + frame.content)[:_MOST_SAID]
            elif frame.stream == self._data and frame.content:
                yield frame.content
            if frame.stream == self._data and ended:
                self.finish()  # why the pod took no connection is told once both sides have ended
            if frame.kind == "end" or (frame.stream == self._error and ended):
                break
        if said:
            raise Temporary(said.decode(errors="replace"))

    def close(self) -> None:
        """End the connection."""
        self._connection.close()


def open_tunnel(link: Link, url: str, port: int, *, host: str) -> Tunnel:
    """Take the way that was prepared with CRI's PortForward. Raises PortError."""
    return Tunnel(connect(link, url, _PROTOCOL, host=host), port)
