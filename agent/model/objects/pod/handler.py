"""What probes and lifecycle hooks do: a command in the container, a request, a connection, a pause."""

from typing import Literal

from agent.model.objects.meta import Object

PortRef = int | str
"""A port by its number, or by its name among the container's ports."""


class ExecAction(Object, frozen=True, kw_only=True):
    """A command in the container; exit code 0 is success. Not run in a shell, not expanded."""

    command: tuple[str, ...]


class HttpHeader(Object, frozen=True, kw_only=True):
    """A header of a request."""

    name: str
    value: str


class HttpGetAction(Object, frozen=True, kw_only=True):
    """A GET request; 200 to 399 is success. ``host`` is the pod's IP when left out; HTTPS is not verified."""

    port: PortRef
    path: str = "/"
    host: str = ""
    scheme: Literal["HTTP", "HTTPS"] = "HTTP"
    http_headers: tuple[HttpHeader, ...] = ()


class TcpSocketAction(Object, frozen=True, kw_only=True):
    """A connection that can be opened is success."""

    port: PortRef
    host: str = ""


class GrpcAction(Object, frozen=True, kw_only=True):
    """The gRPC health service; SERVING is success."""

    port: int
    service: str = ""


class SleepAction(Object, frozen=True, kw_only=True):
    """A pause of some seconds."""

    seconds: int


class Probe(Object, frozen=True, kw_only=True):
    """A check of a container, repeated every ``period_seconds``: exactly one handler. All times in seconds."""

    exec: ExecAction | None = None
    http_get: HttpGetAction | None = None
    tcp_socket: TcpSocketAction | None = None
    grpc: GrpcAction | None = None
    initial_delay_seconds: int = 0
    timeout_seconds: int = 1
    period_seconds: int = 10
    success_threshold: int = 1
    failure_threshold: int = 3
    termination_grace_period_seconds: int | None = None


class LifecycleHandler(Object, frozen=True, kw_only=True):
    """What a hook does: exactly one of the fields."""

    exec: ExecAction | None = None
    http_get: HttpGetAction | None = None
    sleep: SleepAction | None = None


class Lifecycle(Object, frozen=True, kw_only=True):
    """Hooks around a container's life; ``stop_signal`` ends it where the host's containerd can."""

    post_start: LifecycleHandler | None = None
    pre_stop: LifecycleHandler | None = None
    stop_signal: str | None = None
