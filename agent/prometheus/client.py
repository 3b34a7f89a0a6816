import http.client
import socket
import ssl
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Final
from urllib.parse import urlencode, urlsplit

from agent.model.objects import agent as configuration
from agent.model.value import Sensitive
from agent.ports import Permanent, Unreachable
from agent.prometheus.answer import LARGEST, number

_SECONDS: Final = 5.0
_TOKEN_AT_MOST: Final = 16 * 1024
_FORM: Final = "write http://HOST[:PORT][/PATH] or https://HOST[:PORT][/PATH]"


class Prometheus:
    """Asks a server by its HTTP API, each question over a connection of its own.

    An answer has five seconds and a megabyte. Redirects are not followed: the token would go along.
    """

    def __init__(self, spec: configuration.Prometheus) -> None:
        """Check the settings; connects to nothing yet. Raises Permanent."""
        try:
            parts = urlsplit(spec.url)
            self._host, self._port = parts.hostname or "", parts.port
            # What cannot be written like this cannot be asked either.
            usable = bool(self._host.encode("idna")) and parts.path.isascii()
        except ValueError:
            usable = False
        if not usable:
            raise Permanent("spec.prometheus.url is not a valid URL", hint=_FORM)
        if parts.username is not None or parts.password is not None:
            raise Permanent("spec.prometheus.url holds credentials", hint="put a token into a file: tokenFile")
        if parts.query or parts.fragment:
            raise Permanent("spec.prometheus.url has a query or fragment, which would not be sent", hint=_FORM)
        self._path = f"{parts.path.rstrip('/')}/api/v1/query"
        self._token_file = spec.token_file
        self._secure, self._ca_file = parts.scheme == "https", spec.ca_file
        self._where = f"Prometheus at {parts.netloc}"

    def query(self, promql: str) -> float:
        """Return the number that answers a question: of several series, their sum. Raises PortError."""
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        if self._token_file is not None:
            headers["Authorization"] = f"Bearer {_token(Path(self._token_file)).reveal()}"
        connection = self._connection()
        begun = time.monotonic()
        late: threading.Timer | None = None
        try:
            connection.connect()
            # A socket's own time limit is for each read: an answer that dribbles is cut off as a whole.
            late = threading.Timer(_SECONDS, _cut_off, (connection.sock,))
            late.daemon = True
            late.start()
            connection.request("POST", self._path, body=urlencode({"query": promql}), headers=headers)
            response = connection.getresponse()
            status, content = response.status, response.read(LARGEST + 1)
            if response.length and len(content) <= LARGEST:
                raise http.client.IncompleteRead(content, response.length)
        except (OSError, http.client.HTTPException) as error:
            slow = time.monotonic() - begun >= _SECONDS
            why = f"it takes longer than {_SECONDS:g} s" if slow else _why(error)
            raise Unreachable(f"{self._where} does not answer: {why}") from None
        finally:
            if late is not None:
                late.cancel()
            connection.close()
        return number(status, content, where=self._where)

    def _connection(self) -> http.client.HTTPConnection:
        if not self._secure:
            return http.client.HTTPConnection(self._host, self._port, timeout=_SECONDS)
        trusted = _trust(self._ca_file)
        return http.client.HTTPSConnection(self._host, self._port, timeout=_SECONDS, context=trusted)


def _cut_off(connected: socket.socket) -> None:
    with suppress(OSError):
        connected.shutdown(socket.SHUT_RDWR)


def _trust(ca_file: str | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        raise Permanent(
            f"spec.prometheus.caFile names {ca_file}, which is of no use: {error.strerror or error}",
            hint="name a file with the certificates, as PEM",
        ) from error


def _token(path: Path) -> Sensitive:
    """Read the token at each question: it may be renewed."""
    try:
        with path.open("rb") as file:
            token = file.read(_TOKEN_AT_MOST).decode("ascii", "replace").strip()
    except OSError as error:
        raise Permanent(
            f"spec.prometheus.tokenFile names {path}, which cannot be read: {error.strerror}",
            hint="name a file that the user trimtab runs as may read (under systemd: a credential)",
        ) from error
    if not token or not token.isascii() or not token.isprintable():
        raise Permanent(f"the token file {path} holds no token", hint="put the token into it, alone on one line")
    return Sensitive(token)


def _why(error: Exception) -> str:
    """Return what went wrong in words that hold nothing of what was sent or received."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}"
    if isinstance(error, OSError):
        return error.strerror or str(error) or type(error).__name__
    return "the answer is cut short, or no HTTP"
