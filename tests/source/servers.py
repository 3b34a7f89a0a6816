import base64
import contextlib
import os
import pwd
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple


class Sshd(NamedTuple):
    """A real sshd on loopback; ``url`` makes the URL of a repository behind it."""

    port: int
    host_key: str
    identity: Path
    known_hosts: Path

    def url(self, repository: Path) -> str:
        user = pwd.getpwuid(os.getuid()).pw_name
        return f"ssh://{user}@127.0.0.1:{self.port}{repository}"


def new_key(file: Path) -> str:
    """Make an ed25519 key pair; return the public key without its comment."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(file)], check=True)
    return " ".join(file.with_suffix(".pub").read_text().split()[:2])


@contextlib.contextmanager
def sshd(folder: Path) -> Iterator[Sshd]:
    client = folder / "it's a client, 100%h"  # a name that has to be quoted for a shell and for ssh
    client.mkdir(parents=True)
    host_key = new_key(folder / "host_key")
    (folder / "authorized_keys").write_text(new_key(client / "identity") + "\n")
    port = free_port()
    (client / "known_hosts").write_text(f"[127.0.0.1]:{port} {host_key}\n")
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # sshd run by root does not start without it
    settings = {
        "ListenAddress": f"127.0.0.1:{port}",
        "HostKey": folder / "host_key",
        "AuthorizedKeysFile": folder / "authorized_keys",
        "PidFile": "none",
        "StrictModes": "no",
        "UsePAM": "no",
        "PasswordAuthentication": "no",
        "KbdInteractiveAuthentication": "no",
        "PermitRootLogin": "yes",
    }
    (folder / "config").write_text("".join(f"{name} {value}\n" for name, value in settings.items()))
    command = ["/usr/sbin/sshd", "-D", "-e", "-f", str(folder / "config")]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        said = server.stderr.readline()
        assert "Server listening" in said, said
        # Whoever logs in is told about on standard error, which must not fill up.
        drain = threading.Thread(target=server.stderr.read, daemon=True)
        drain.start()
        yield Sshd(port, host_key, client / "identity", client / "known_hosts")
        server.terminate()
        drain.join()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class GitServer(ThreadingHTTPServer):
    """git's own HTTP server on loopback, for the repositories below a folder.

    With ``token`` set it asks for it. ``refuse_with`` answers everything with a status and a text, ``redirect_to``
    sends everything elsewhere, ``before`` runs first at each request. What was sent as Authorization is kept.
    """

    daemon_threads = True

    def __init__(self, root: Path, token: str = "") -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.root = root
        self.token = token
        self.refuse_with: tuple[int, str] | None = None
        self.redirect_to = ""
        self.before: Callable[[], object] = lambda: None
        self.sent: list[str] = []

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/{name}"


@contextlib.contextmanager
def serving(server: GitServer) -> Iterator[GitServer]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: GitServer

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """Stay silent."""

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        sent = self.headers.get("Authorization", "")
        self.server.sent.append(sent)
        self.server.before()
        if self.server.redirect_to:
            self._plain(302, "", Location=self.server.redirect_to + self.path)
        elif self.server.token and sent != _basic("git", self.server.token):
            self._plain(401, f"wrong: {_password(sent)}", **{"WWW-Authenticate": 'Basic realm="git"'})
        elif self.server.refuse_with:
            self._plain(*self.server.refuse_with)
        else:
            self._backend(body)

    def _plain(self, status: int, text: str, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "text/plain", "Content-Length": str(len(text)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text.encode())

    def _backend(self, body: bytes) -> None:
        path, _, query = self.path.partition("?")
        own = {
            "GIT_PROJECT_ROOT": str(self.server.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
        }
        command = ["git", "-c", "safe.directory=*", "http-backend"]
        ended = subprocess.run(command, input=body, env=os.environ | own, capture_output=True, check=False)
        head, _, content = ended.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if line)
        self.send_response(int(headers.pop("Status", "200").split()[0]))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def _password(authorization: str) -> str:
    return base64.b64decode(authorization.removeprefix("Basic ")).decode().partition(":")[2]
