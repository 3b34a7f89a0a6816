"""The gRPC health check. One small call on a new connection: a whole gRPC client would cost many times as much."""

from typing import Final
from urllib.parse import unquote

from google.protobuf.message import DecodeError
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, Event, ResponseReceived, StreamEnded, StreamReset, TrailersReceived
from h2.exceptions import H2Error

from agent.hosts.handlers.address import joined
from agent.hosts.handlers.deadline import Deadline, Timed
from agent.hosts.handlers.handled import MOST_OUTPUT, Handled
from agent.hosts.link import Link
from agent.hosts.proto import health_pb2 as health
from agent.model.objects.pod import GrpcAction

_READ_SIZE: Final = 16 * 1024
_PREFIX: Final = 5  # a message on the wire begins with a flag and four bytes of length
_METHOD: Final = "/grpc.health.v1.Health/Check"
_UNIMPLEMENTED: Final = "12"
_DEADLINE_EXCEEDED: Final = "4"


def check(link: Link, action: GrpcAction, address: str, deadline: Deadline, *, agent: str) -> Handled:
    """Ask the health service. Raises PortError."""
    where = joined(address, action.port)
    try:
        stream = Timed(link.dial(address, action.port, timeout=deadline.left()), deadline)
    except TimeoutError:
        return _failed(f'timeout: failed to connect service "{where}" within {deadline.seconds:g}s')
    except OSError as error:
        return _failed(f'error: failed to connect service "{where}": {error.strerror or error}')
    call = _Call()
    try:
        call.begin(stream, where, action.service, deadline, agent=agent)
        while not call.ended and (content := stream.recv(_READ_SIZE)):
            call.receive(content)
            stream.sendall(call.to_send())
    except TimeoutError:
        return _failed(f"timeout: health rpc did not complete within {deadline.seconds:g}s")
    except (H2Error, DecodeError, OSError) as error:
        return _failed(f"error: health rpc probe failed: {str(error)[:200] or type(error).__name__}")
    finally:
        stream.close()
    return call.verdict(deadline)


class _Call:
    """One call, as its bytes go and come."""

    def __init__(self) -> None:
        self._connection = H2Connection(H2Configuration(client_side=True))
        self._stream = 1
        self._headers: dict[str, str] = {}
        self._body = b""
        self.ended = False

    def begin(self, stream: Timed, where: str, service: str, deadline: Deadline, *, agent: str) -> None:
        """Send the request."""
        message = health.HealthCheckRequest(service=service).SerializeToString()
        self._connection.initiate_connection()
        headers = (
            (":method", "POST"),
            (":scheme", "http"),
            (":authority", where),
            (":path", _METHOD),
            ("content-type", "application/grpc"),
            ("user-agent", agent),
            ("te", "trailers"),
            ("grpc-timeout", f"{max(int(deadline.left() * 1000), 1)}m"),
        )
        self._connection.send_headers(self._stream, headers)
        self._connection.send_data(self._stream, b"\0" + len(message).to_bytes(4, "big") + message, end_stream=True)
        stream.sendall(self.to_send())

    def to_send(self) -> bytes:
        """Return what is to be sent now: acknowledgements."""
        return self._connection.data_to_send()

    def receive(self, content: bytes) -> None:
        """Take in what came. Raises H2Error when it is no HTTP/2."""
        for event in self._connection.receive_data(content):
            self._take(event)

    def _take(self, event: Event) -> None:
        match event:
            case ResponseReceived(headers=headers) | TrailersReceived(headers=headers):
                self._headers.update((_text(name), _text(value)) for name, value in headers or ())
            case DataReceived(data=data):
                self._body = (self._body + (data or b""))[:MOST_OUTPUT]
            case StreamEnded() | StreamReset():
                self.ended = True

    def verdict(self, deadline: Deadline) -> Handled:
        """Return what the answer says. Raises DecodeError."""
        status, said = self._headers.get("grpc-status"), unquote(self._headers.get("grpc-message", ""))[:200]
        if status == _UNIMPLEMENTED:
            return _failed(
                f"error: this server does not implement the grpc health protocol (grpc.health.v1.Health): {said}"
            )
        if status == _DEADLINE_EXCEEDED:
            return _failed(f"timeout: health rpc did not complete within {deadline.seconds:g}s")
        if status != "0":
            said = f"code = {status} desc = {said}" if status else "the connection ended without an answer"
            return _failed(f"error: health rpc probe failed: rpc error: {said}")
        try:
            serving = health.HealthCheckResponse.FromString(self._body[_PREFIX:]).status
        except DecodeError:
            return _failed("error: health rpc probe failed: the answer is no HealthCheckResponse")
        if serving != health.HealthCheckResponse.SERVING:
            known = health.HealthCheckResponse.ServingStatus
            name = known.Name(serving) if serving in known.values() else str(serving)
            return _failed(f'service unhealthy (responded with "{name}")')
        return Handled(ok=True)


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode(errors="replace")


def _failed(message: str) -> Handled:
    return Handled(ok=False, message=message)
