"""A connection to containerd's streaming server, with its streams."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from http.client import HTTPException, parse_headers
from io import BytesIO
from typing import Final
from urllib.parse import SplitResult, urlsplit

from agent.hosts.link import Link, Stream
from agent.hosts.streaming.spdy import DATA_SIZE, BadFrameError, Decoder, Encoder, Frame, data, pong
from agent.ports import Permanent, Temporary, Unreachable

_READ_SIZE: Final = 64 * 1024
_MOST_HEAD: Final = 16 * 1024
_TIMEOUT: Final = 30.0
_REQUEST: Final = (
    "POST {path} HTTP/1.1\r\nHost: {where}\r\nContent-Length: 0\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n"
    "X-Stream-Protocol-Version: {protocol}\r\n\r\n"
)


class Connection:
    """Streams to and from one server. Any thread may write, one reads."""

    def __init__(self, link: Link, stream: Stream, *, host: str, ahead: bytes = b"") -> None:
        self._link, self._stream, self._host, self._ahead = link, stream, host, ahead
        self._encoder, self._decoder = Encoder(), Decoder()
        self._writing = threading.Lock()
        self._last = -1
        self._closed = False

    def open_stream(self, headers: Mapping[str, str]) -> int:
        """Open a stream; return its number. Raises Unreachable."""
        with self._writing:
            self._last += 2  # those that a client opens are odd
            self._send(self._encoder.open_stream(self._last, headers))
            return self._last

    def write(self, stream: int, content: bytes) -> None:
        """Send bytes on a stream. Raises Unreachable."""
        for start in range(0, len(content), DATA_SIZE):
            with self._writing:
                self._send(data(stream, content[start : start + DATA_SIZE]))

    def finish(self, stream: int) -> None:
        """Tell that no more comes on a stream. Raises Unreachable."""
        with self._writing:
            self._send(data(stream, b"", fin=True))

    def frames(self) -> Iterator[Frame]:
        """Yield what comes, until the server ends the connection. Raises Unreachable when the way to it is lost."""
        content, self._ahead = self._ahead, b""
        try:
            while True:
                for frame in self._decoder.feed(content):
                    if frame.kind == "ping":
                        with self._writing:
                            self._send(pong(frame))
                    else:
                        yield frame
                content = self._stream.recv(_READ_SIZE)
                if not content:
                    break
        except BadFrameError as error:
            raise Temporary(f"{self._host}: containerd's streaming server does not speak SPDY: {error}") from None
        except (OSError, EOFError) as error:
            if not self._closed:
                raise self._lost(error) from None
        if not self._link.alive:
            raise self._lost(None)

    def close(self) -> None:
        """End the connection."""
        self._closed = True
        with suppress(OSError, EOFError):
            self._stream.close()

    def _send(self, frame: bytes) -> None:
        try:
            self._stream.sendall(frame)
        except (OSError, EOFError) as error:
            raise self._lost(error) from None

    def _lost(self, error: Exception | None) -> Exception:
        known = self._link.failure() if not self._link.alive else None
        return known or Unreachable(f"{self._host}: the connection was lost: {error or 'it was closed'}")


def connect(link: Link, url: str, protocol: str, *, host: str) -> Connection:
    """Connect to what a CRI answer points to. Raises PortError."""
    parts, address, port = _server(url, host)
    try:
        stream = link.dial(address, port, timeout=_TIMEOUT)
    except OSError as error:
        raise Temporary(
            f"{host}: containerd's streaming server on {parts.netloc} cannot be reached: {error}",
            hint="does the host's sshd allow TCP forwarding (AllowTcpForwarding)?",
        ) from None
    try:
        stream.settimeout(_TIMEOUT)
        request = _REQUEST.format(path=parts.path, where=parts.netloc, protocol=protocol)
        stream.sendall(request.encode("ascii"))
        ahead = _upgraded(stream, host)
        stream.settimeout(None)
    except (OSError, EOFError) as error:
        stream.close()
        raise Temporary(f"{host}: containerd's streaming server did not answer: {error}") from None
    except BaseException:
        stream.close()
        raise
    return Connection(link, stream, host=host, ahead=ahead)


def _server(url: str, host: str) -> tuple[SplitResult, str, int]:
    try:
        parts = urlsplit(url)
        address, port = parts.hostname, parts.port
    except ValueError:
        address = port = None
    if not address or not port or not url.isascii():
        raise Temporary(f"{host}: containerd does not say where its streaming server is, but {url[:200]!r}")
    if parts.scheme != "http":
        raise Permanent(
            f"{host}: containerd's streaming server wants TLS with a certificate of its own",
            hint="set enable_tls_streaming = false in containerd's CRI configuration; it listens on loopback only",
        )
    return parts, address, port


def _upgraded(stream: Stream, host: str) -> bytes:
    """Read the answer to the request; return what came after it."""
    answer = b""
    while b"\r\n\r\n" not in answer:
        content = stream.recv(_READ_SIZE)
        if not content or len(answer) > _MOST_HEAD:
            raise Temporary(f"{host}: containerd's streaming server answered nothing that is HTTP")
        answer += content
    head, _, ahead = answer.partition(b"\r\n\r\n")
    status, _, fields = head.partition(b"\r\n")
    try:
        headers = parse_headers(BytesIO(fields + b"\r\n\r\n"))
    except HTTPException:
        raise Temporary(f"{host}: containerd's streaming server answered nothing that is HTTP") from None
    if status.split(b" ")[1:2] != [b"101"] or not headers.get("X-Stream-Protocol-Version"):
        said = (status + b" " + ahead[:300]).decode(errors="replace")
        raise Temporary(f"{host}: containerd's streaming server refused: {said}")
    return ahead
