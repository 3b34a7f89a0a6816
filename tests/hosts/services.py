"""Services to be probed, run beside a test in the network of a lab host: `python -m tests.hosts.services`.

HTTP on 9080, HTTPS on 9443, gRPC on 9090 (health), on 9091 (no health service), and 9099 accepts and says nothing.
"""

import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from concurrent import futures
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import grpc

from agent.hosts.proto import health_pb2 as health

BIG = 1_000_000


class Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        match path.split("/")[1:]:
            case ["status", code]:
                self._say(int(code), b"")
            case ["redirect"]:
                self._say(302, b"moved", location=query)
            case ["headers"]:
                self._say(200 if self._has(query) else 400, b"")
            case ["big"]:
                self._say(200, b"x" * BIG)
            case ["drip"]:
                self.wfile.write(b"HTTP/1.1 200 OK\r\n")
                for _ in range(200):
                    self.wfile.write(b"X: y\r\n")
                    time.sleep(0.1)
            case ["hang"]:
                time.sleep(20)
            case ["nonsense"]:
                self.wfile.write(b"220 ready\r\n")
                self.close_connection = True
            case _:
                self._say(200, b"ok")

    def _has(self, query: str) -> bool:
        """Whether each `name=value` of the query is a header of the request; `name=` asks that it is not there."""
        wanted = [entry.split("=", 1) for entry in query.split("&")]
        return all(self.headers.get(name, "") == value for name, value in wanted)

    def _say(self, code: int, body: bytes, *, location: str = "") -> None:
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        if location:
            self.send_header("Location", location)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class QuietServer(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        pass  # a probe that has seen enough closes its connection


def _check(request: health.HealthCheckRequest, context: grpc.ServicerContext) -> health.HealthCheckResponse:
    if request.service == "slow":
        time.sleep(20)
    if request.service == "missing":
        context.abort(grpc.StatusCode.NOT_FOUND, "unknown service")
    known = health.HealthCheckResponse
    return known(status=known.NOT_SERVING if request.service == "ill" else known.SERVING)


def _serve_http(port: int, folder: Path | None) -> None:
    server = QuietServer(("127.0.0.1", port), Answers)
    if folder is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()


def _serve_grpc(port: int, *, healthy: bool) -> grpc.Server:
    server = grpc.server(futures.ThreadPoolExecutor(4))
    if healthy:
        handler = grpc.unary_unary_rpc_method_handler(
            _check,
            request_deserializer=health.HealthCheckRequest.FromString,
            response_serializer=health.HealthCheckResponse.SerializeToString,
        )
        server.add_generic_rpc_handlers(
            (grpc.method_handlers_generic_handler("grpc.health.v1.Health", {"Check": handler}),)
        )
    server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    return server


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        command = (
            "openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=somebody.else -keyout key.pem -out cert.pem"
        )
        subprocess.run(command.split(), cwd=folder, check=True, capture_output=True)
        _serve_http(9080, None)
        _serve_http(9443, folder)
        servers = [_serve_grpc(9090, healthy=True), _serve_grpc(9091, healthy=False)]
        silent = socket.create_server(("127.0.0.1", 9099))
        print("ready", flush=True)  # noqa: T201 - the test waits for it
        sys.stdin.read()
        for server in servers:
            server.stop(None)
        silent.close()


if __name__ == "__main__":
    main()
