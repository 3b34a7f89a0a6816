"""Asking a Prometheus: an HTTP server on loopback stands for it."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from agent.model.objects import agent as configuration
from agent.ports import Permanent, PortError, Temporary, Unreachable
from agent.prometheus import Prometheus, client

TOKEN = "hunter2-hunter2"


class Server(ThreadingHTTPServer):
    """Answers as a test says, and remembers what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.status, self.content = 200, b""
        self.headers: dict[str, str] = {}
        self.slow = 0.0
        self.asked: list[tuple[str, str, str]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def says(self, data: object, *, status: int = 200) -> None:
        self.status, self.content = status, json.dumps({"status": "success", "data": data}).encode()


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.asked.append((self.path, parse_qs(body)["query"][0], self.headers.get("Authorization", "")))
        self.send_response(self.server.status)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(self.server.content)))
        self.end_headers()
        with suppress(OSError):  # the client had enough
            for letter in [self.server.content] if not self.server.slow else self.server.content:
                self.wfile.write(letter if isinstance(letter, bytes) else bytes([letter]))
                self.wfile.flush()
                time.sleep(self.server.slow)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def ask(server: Server, query: str = "up", **spec: str) -> float:
    return Prometheus(configuration.Prometheus(url=server.url, **spec)).query(query)


def series(*values: str) -> dict[str, object]:
    return {"resultType": "vector", "result": [{"metric": {}, "value": [1.5, value]} for value in values]}


def test_a_number_is_read(server: Server) -> None:
    server.says(series("41.5"))
    assert ask(server, 'sum(jobs{queue="a&b"})') == 41.5
    assert server.asked == [("/api/v1/query", 'sum(jobs{queue="a&b"})', "")]
    server.says({"resultType": "scalar", "result": [1.5, "7"]})
    assert ask(server) == 7
    server.says(series("1", "2.5"))
    assert ask(server) == 3.5


def test_a_server_may_stand_below_a_path(server: Server) -> None:
    server.says(series("1"))
    Prometheus(configuration.Prometheus(url=f"{server.url}/prometheus/")).query("up")
    assert server.asked[0][0] == "/prometheus/api/v1/query"


def error(message: str) -> Callable[[Server], None]:
    def say(server: Server) -> None:
        server.status = 400
        server.content = json.dumps({"status": "error", "errorType": "bad_data", "error": message}).encode()

    return say


def raw(status: int, content: bytes = b"") -> Callable[[Server], None]:
    def say(server: Server) -> None:
        server.status, server.content = status, content

    return say


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (lambda server: server.says(series()), Temporary, "no such series"),
        (lambda server: server.says({"resultType": "matrix", "result": []}), Permanent, "no number"),
        (lambda server: server.says({"resultType": "scalar", "result": [1.5, "many"]}), Permanent, "no number"),
        (
            error("parse error: unexpected <\x1b[31m>"),
            Permanent,
            r"refuses the query: parse error: unexpected < \[31m>$",
        ),
        (error("x" * 5000), Permanent, "x{300}…$"),
        (raw(401), Permanent, r"does not let us in \(401\)"),
        (raw(503, b"<html>"), Temporary, "fails with status 503"),
        (raw(200, b"<html>"), Permanent, "something else than Prometheus"),
        (raw(200, b"\xff\xfe"), Permanent, "something else than Prometheus"),
        (raw(200, b'{"more":' * 100_000), Permanent, "something else than Prometheus"),
        (raw(200, b" " * (2 << 20)), Permanent, "more than 1048576 bytes"),
        (raw(302), Permanent, "redirects"),
    ],
)
def test_what_is_no_number_is_said_so(
    server: Server, answer: Callable[[Server], None], kind: type[PortError], words: str
) -> None:
    answer(server)
    with pytest.raises(kind, match=words):
        ask(server)


def test_a_server_that_is_not_there() -> None:
    gone = Server()
    gone.server_close()
    with pytest.raises(Unreachable, match="does not answer: Connection refused"):
        ask(gone)


def test_an_answer_that_dribbles_is_cut_off(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "_SECONDS", 0.3)
    server.content, server.slow = b"x" * 100, 0.05
    with pytest.raises(Unreachable, match=r"longer than 0\.3 s"):
        ask(server)


def test_a_token_goes_along_and_never_shows(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")
    server.says(series("1"))
    ask(server, token_file=str(file))
    assert server.asked[0][2] == f"Bearer {TOKEN}"
    server.status = 403
    with pytest.raises(Permanent) as caught:
        ask(server, token_file=str(file))
    assert TOKEN not in f"{caught.value} {caught.value.hint}"


def test_a_token_is_read_anew_for_each_question(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "token"
    server.says(series("1"))
    asked = Prometheus(configuration.Prometheus(url=server.url, token_file=str(file)))
    with pytest.raises(Permanent, match="cannot be read"):
        asked.query("up")
    for token in ("one", "two"):
        file.write_text(token)
        asked.query("up")
    assert [authorization for _, _, authorization in server.asked] == ["Bearer one", "Bearer two"]


@pytest.mark.parametrize("content", ["", "\n", f"{TOKEN}\nX-Other: 1", f"{TOKEN}\u00e9"])
def test_a_file_without_a_token_is_refused_and_not_shown(server: Server, tmp_path: Path, content: str) -> None:
    file = tmp_path / "token"
    file.write_text(content)
    with pytest.raises(Permanent, match="holds no token") as caught:
        ask(server, token_file=str(file))
    assert TOKEN not in str(caught.value)
    assert server.asked == []


def test_a_redirect_is_not_followed(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(TOKEN)
    server.status, server.headers = 307, {"Location": f"{server.url}/elsewhere"}
    with pytest.raises(Permanent, match="redirects"):
        ask(server, token_file=str(file))
    assert [path for path, _, _ in server.asked] == ["/api/v1/query"]


@pytest.mark.parametrize(
    "url",
    [
        "http://me:secret@127.0.0.1:9090",
        "http://127.0.0.1:99999",
        "http://:9090",
        "http://[::1",
        "http://prometheus..test:9090",
        "http://127.0.0.1:9090/für-uns",
        "http://127.0.0.1:9090/?tenant=secret",
    ],
)
def test_an_address_that_cannot_be(url: str) -> None:
    with pytest.raises(Permanent, match=r"spec\.prometheus\.url") as caught:
        Prometheus(configuration.Prometheus(url=url))
    assert "secret" not in str(caught.value)


def test_https_asks_for_certificates_that_are_there() -> None:
    asked = Prometheus(configuration.Prometheus(url="https://127.0.0.1:1", ca_file="/nonexistent.pem"))
    with pytest.raises(Permanent, match="caFile"):
        asked.query("up")
