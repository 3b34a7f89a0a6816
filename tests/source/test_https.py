import logging
import os
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.ports import Permanent, PortError, Unreachable
from tests.source.repo import commit, contents, new_repository, source
from tests.source.servers import GitServer, free_port, serving

TOKEN = "tok-3n-hunter2'$(id)\"%s"


@pytest.fixture
def work(tmp_path: Path) -> Path:
    work = new_repository(tmp_path / "served" / "fleet")
    commit(work, {"a.yaml": "1"})
    return work


@pytest.fixture
def server(work: Path) -> Iterator[GitServer]:
    with serving(GitServer(work.parent, TOKEN)) as server:
        yield server


@pytest.fixture
def token_file(tmp_path: Path) -> str:
    file = tmp_path / "it's $HOME" / "token file"
    file.parent.mkdir()
    file.write_text(TOKEN + "\r\n")
    return str(file)


def processes_that_show(token: str) -> list[str]:
    """Return the command lines of processes that show a token in their arguments or environment."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        for part in ("cmdline", "environ"):
            try:
                content = (process / part).read_bytes()
            except OSError:
                continue
            if token.encode() in content:
                found.append(f"{part}: {(process / 'cmdline').read_bytes()!r}")
    return found


def test_a_token_opens_the_repository_and_shows_nowhere(
    server: GitServer, work: Path, tmp_path: Path, token_file: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    shown: list[str] = []
    server.before = lambda: shown.extend(processes_that_show(TOKEN))
    from_ = source(server.url("fleet"), tmp_path / "cache", token_file=token_file)
    from_.fetch()
    assert contents(from_) == {"a.yaml": b"1"}
    id_ = commit(work, {"a.yaml": "2"})
    from_.fetch()
    assert from_.resolve().id == id_
    assert shown == []
    assert len(server.sent) >= 4  # or nothing was looked at
    assert TOKEN not in caplog.text
    for file in (tmp_path / "cache").rglob("*"):
        assert not file.is_file() or TOKEN.encode() not in file.read_bytes(), file


def test_the_search_for_the_token_would_find_it() -> None:
    marker = f"marker-{os.getpid()}"
    environment = {**os.environ, "SHOWN": marker}
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0, env=environment) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(b"there?\n")
        child.stdout.readline()  # it runs: before that, /proc has no environment of it yet
        assert processes_that_show(marker)
        child.communicate()


def test_a_wrong_token_is_refused_and_not_repeated_even_if_the_server_does(server: GitServer, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("wrong-hunter2")
    with pytest.raises(Permanent, match="does not accept the credentials") as refusal:
        source(server.url("fleet"), tmp_path / "c", token_file=str(wrong)).fetch()
    assert "spec.source.tokenFile" in refusal.value.hint
    assert "hunter2" not in str(refusal.value) + refusal.value.hint + str(refusal.value.__cause__)
    server.token = ""
    server.refuse_with = (403, "denied for wrong-hunter2")
    with pytest.raises(Permanent, match="does not accept the credentials") as refusal:
        source(server.url("fleet"), tmp_path / "c", token_file=str(wrong)).fetch()
    assert "hunter2" not in str(refusal.value) + str(refusal.value.__cause__)


def test_no_token_is_never_asked_for(server: GitServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = tmp_path / "asked"
    ask = tmp_path / "ask"
    ask.write_text(f"#!/bin/sh\ntouch {asked}\necho x\n")
    ask.chmod(0o755)
    for variable in ("GIT_ASKPASS", "SSH_ASKPASS"):
        monkeypatch.setenv(variable, str(ask))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    (tmp_path / "gitconfig").write_text(f"[credential]\n helper = !touch {asked}\n[core]\n askPass = {ask}\n")
    with pytest.raises(Permanent, match="does not accept the credentials"):
        source(server.url("fleet"), tmp_path / "c").fetch()
    assert not asked.exists()


def test_a_redirect_does_not_take_the_token_elsewhere(
    server: GitServer, work: Path, tmp_path: Path, token_file: str
) -> None:
    with serving(GitServer(work.parent, "other")) as elsewhere:
        server.token = ""
        server.redirect_to = elsewhere.url("").rstrip("/")
        with pytest.raises(Permanent):
            source(server.url("fleet"), tmp_path / "c", token_file=token_file).fetch()
        assert elsewhere.sent
        assert set(elsewhere.sent) == {""}


@pytest.mark.parametrize(("content", "why"), [(None, "which cannot be read: No such file"), ("\n", "is empty")])
def test_a_token_file_of_no_use_is_explained(tmp_path: Path, content: str | None, why: str) -> None:
    file = tmp_path / "token"
    if content is not None:
        file.write_text(content)
    with pytest.raises(Permanent, match=why):
        source("https://127.0.0.1/fleet", tmp_path, token_file=str(file)).fetch()


def test_faults_of_the_server_and_of_the_way_are_worth_another_try(server: GitServer, tmp_path: Path) -> None:
    server.token = ""
    server.refuse_with = (503, "down for maintenance")
    with pytest.raises(Unreachable, match="a fault of its own"):
        source(server.url("fleet"), tmp_path / "c").fetch()
    server.refuse_with = (404, "")
    with pytest.raises(Permanent, match="there is no git repository that trimtab may see"):
        source(server.url("none"), tmp_path / "c").fetch()
    with pytest.raises(Unreachable, match="does not answer"):
        source(f"http://127.0.0.1:{free_port()}/fleet", tmp_path / "c").fetch()


def test_a_server_that_never_answers_is_given_up_on(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/fleet"
        with pytest.raises(Unreachable, match="git did not end in time") as refusal:
            source(url, tmp_path / "c", timeout="300ms").fetch()
    assert "spec.source.timeout" in refusal.value.hint


def test_a_certificate_that_nobody_signed_is_refused(work: Path, tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    request = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=127.0.0.1"]
    subprocess.run([*request, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    server = GitServer(work.parent)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    with serving(server), pytest.raises(PortError, match="certificate is not trusted"):
        source(server.url("fleet").replace("http:", "https:"), tmp_path / "c").fetch()
