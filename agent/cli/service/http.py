"""``/metrics``, ``/healthz`` and ``/readyz`` on a loopback port."""

from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from agent.cli.service.metrics import SnapshotCollector
from agent.model.objects.agent import Metrics as MetricsSpec
from agent.ports import Permanent
from agent.reconciler.reporting.snapshot import Snapshot

_TEXT = "text/plain; charset=utf-8"
_SLOWEST_CLIENT = 10.0
"""Seconds that a client may take over one request; the port is for scrapers next door."""


class StatusServer:
    """Serves the newest snapshot until closed. ``snapshot`` is set by whoever has a newer one.

    ``fresh`` makes one for a scraper: numbers grow also while nothing happens that is worth a new snapshot.
    ``ailing`` tells what is wrong with the agent itself; nothing, when it is well.
    """

    def __init__(self, spec: MetricsSpec, now: Callable[[], float]) -> None:
        self.snapshot: Snapshot | None = None
        self.fresh: Callable[[], Snapshot | None] = lambda: self.snapshot
        self.ailing: Callable[[], str] = lambda: ""
        registry = CollectorRegistry(auto_describe=False)
        registry.register(SnapshotCollector(lambda: self.fresh(), now))  # noqa: PLW0108 - the one that is set by then
        try:
            self._server = ThreadingHTTPServer((spec.address, spec.port), _handler(self, registry))
        except OSError as error:
            raise Permanent(
                f"cannot serve metrics on {spec.address}:{spec.port}: {error.strerror or error}",
                hint="choose a free port in spec.metrics.port of the agent's configuration, or 0 to serve none",
            ) from error
        self._server.daemon_threads = True
        self._thread = Thread(target=self._server.serve_forever, name="metrics", daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """The port that is really served."""
        return int(self._server.server_address[1])

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def unready(snapshot: Snapshot | None) -> str:
    """Return why the agent is not ready: it is, once a revision is in force and was planned. Empty when it is."""
    if snapshot is None:
        return "starting"
    if snapshot.fleet.in_force is None:
        return snapshot.fleet.message or snapshot.source.error or "no revision is in force yet"
    return "" if snapshot.fleet.planned_at else "the revision in force was not planned yet"


def _handler(server: StatusServer, registry: CollectorRegistry) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = _SLOWEST_CLIENT

        def do_GET(self) -> None:
            match self.path.partition("?")[0]:
                case "/metrics":
                    self._answer(HTTPStatus.OK, generate_latest(registry), CONTENT_TYPE_LATEST)
                case "/healthz":
                    self._tell(server.ailing())
                case "/readyz":
                    self._tell(unready(server.snapshot))
                case _:
                    self._answer(HTTPStatus.NOT_FOUND, b"try /metrics, /healthz or /readyz\n")

        def _tell(self, why: str) -> None:
            status = HTTPStatus.SERVICE_UNAVAILABLE if why else HTTPStatus.OK
            self._answer(status, f"{why or 'ok'}\n".encode(errors="replace"))

        def _answer(self, status: HTTPStatus, body: bytes, content_type: str = _TEXT) -> None:
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
            """Keep scrapes out of the log."""

    return Handler
