"""GET requests as a kubelet makes them: a new connection each, nothing verified, redirects followed at home."""

import io
import re
import ssl
from collections.abc import Sequence
from http.client import HTTPException, HTTPResponse
from typing import TYPE_CHECKING, Final, NamedTuple, cast
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from agent.hosts.handlers.address import joined
from agent.hosts.handlers.deadline import Deadline, Timed
from agent.hosts.handlers.handled import MOST_OUTPUT
from agent.hosts.handlers.tls import Tls
from agent.hosts.link import Link
from agent.model.objects.pod import HttpGetAction, HttpHeader

if TYPE_CHECKING:
    import socket

_MOST_REDIRECTS: Final = 10
_MOST_SHOWN: Final = 100
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_UNSAFE: Final = re.compile(r"[\r\n\0]")
_URL_CHARACTERS: Final = "/?:@!$&'()*+,;=%~[]"


class HttpFailed(Exception):
    """No response came; the text says why, in the words of a kubelet."""


class Answer(NamedTuple):
    """A response: its status, where it redirects to, and the beginning of its body."""

    status: int
    location: str
    body: bytes


def get(link: Link, action: HttpGetAction, address: str, deadline: Deadline, *, agent: str) -> Answer:
    """Make a request, and those that it is redirected to on the same host. Raises HttpFailed, or PortError."""
    try:
        home = url = _url(action, address)
    except ValueError as error:
        raise HttpFailed(str(error)) from None
    headers = tuple(action.http_headers)
    for _ in range(_MOST_REDIRECTS):
        answer = _answered(link, url, headers, deadline, agent=agent)
        if answer.status not in _REDIRECTS or not answer.location:
            return answer
        try:
            absolute = bool(urlsplit(answer.location).netloc)
            url = urlsplit(urljoin(url.geturl(), answer.location))
        except ValueError as error:
            said = answer.location[:_MOST_SHOWN]
            raise HttpFailed(f'Get "{url.geturl()}": failed to parse Location header "{said}": {error}') from None
        if url.hostname != home.hostname or url.scheme not in _DEFAULT_PORTS:
            return answer
        if absolute:
            headers = tuple(header for header in headers if header.name.lower() != "host")
    raise HttpFailed(f'Get "{url.geturl()}": stopped after {_MOST_REDIRECTS} redirects')


def _url(action: HttpGetAction, address: str) -> SplitResult:
    path = action.path if action.path.startswith("/") else f"/{action.path}"
    where = joined(action.host or address, action.port)
    return urlsplit(f"{action.scheme.lower()}://{where}{quote(path.partition('#')[0], safe=_URL_CHARACTERS)}")


def _answered(link: Link, url: SplitResult, headers: Sequence[HttpHeader], deadline: Deadline, *, agent: str) -> Answer:
    try:
        return _exchange(link, url, _request(url, headers, agent=agent), deadline)
    except TimeoutError:
        why = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
    except ConnectionResetError:
        why = "connection reset by peer"
    except HTTPException as error:
        why = f"malformed HTTP response: {str(error)[:100].strip()}" if str(error) else "EOF"
    except ssl.SSLError as error:
        why = f"tls: {error.reason or error}"
    except (OSError, ValueError) as error:
        why = error.strerror or str(error) if isinstance(error, OSError) else str(error)
    raise HttpFailed(f'Get "{url.geturl()}": {why}')


def _exchange(link: Link, url: SplitResult, request: bytes, deadline: Deadline) -> Answer:
    host, port = url.hostname or "", url.port or _DEFAULT_PORTS[url.scheme]
    try:
        stream = Timed(link.dial(host, port, timeout=deadline.left()), deadline)
    except TimeoutError:
        raise OSError(f"dial tcp {joined(host, port)}: i/o timeout") from None
    except OSError as error:
        raise OSError(f"dial tcp {joined(host, port)}: connect: {error.strerror or error}") from None
    try:
        carrier = Tls(stream) if url.scheme == "https" else stream
        carrier.sendall(request)
        response = HTTPResponse(cast("socket.socket", _Readable(carrier)), method="GET")
        response.begin()
        body = response.read(MOST_OUTPUT)
        return Answer(response.status, response.getheader("Location") or "", body)
    finally:
        stream.close()


def _request(url: SplitResult, headers: Sequence[HttpHeader], *, agent: str) -> bytes:
    lines = {"host": ("Host", url.netloc), "user-agent": ("User-Agent", agent), "accept": ("Accept", "*/*")}
    more: list[tuple[str, str]] = []
    for header in headers:
        if _UNSAFE.search(header.name + header.value):
            raise ValueError(f"net/http: invalid header field value for {header.name!r}")
        name = header.name.lower()
        if name in lines:
            lines[name] = (header.name, header.value)
        else:
            more.append((header.name, header.value))
    target = f"{url.path or '/'}?{url.query}" if url.query else url.path or "/"
    # An empty value takes a header of ours out, as it does for a kubelet.
    written = [*(line for line in lines.values() if line[1]), *more, ("Connection", "close")]
    head = "".join(f"{name}: {value}\r\n" for name, value in written)
    return f"GET {target} HTTP/1.1\r\n{head}\r\n".encode()


class _Readable(io.RawIOBase):
    """What http.client takes for a socket, to read a response from."""

    def __init__(self, below: Timed | Tls) -> None:
        self._below = below

    def makefile(self, mode: str) -> io.BufferedReader:
        del mode  # http.client asks for bytes
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview") -> int:  # type: ignore[override] # BufferedReader passes only this
        content = self._below.recv(len(buffer))
        buffer[: len(content)] = content
        return len(content)
