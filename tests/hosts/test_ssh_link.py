"""A host whose sshd lies, stalls or says goodbye at the wrong moment: every wait for it has an end, and a reason."""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from paramiko.common import AUTH_FAILED, AUTH_SUCCESSFUL, OPEN_SUCCEEDED

from agent.hosts.ssh import command
from agent.hosts.ssh.config import Destination
from agent.hosts.ssh.library import paramiko
from agent.hosts.ssh.link import SshLink
from agent.hosts.ssh.trust import key_of
from agent.ports import Permanent, Temporary, Unreachable

HOME = "127.0.0.1"
Behaviour = Callable[["Sshd", paramiko.Channel], None]
HOST_KEY = paramiko.ECDSAKey.generate()


class Sshd(paramiko.ServerInterface):
    """An SSH server of one connection that does with each command what a test wants."""

    def __init__(self, behave: Behaviour, *, on_login: Callable[["Sshd"], int]) -> None:
        self._behave, self._on_login = behave, on_login
        self.over = threading.Event()
        self.closed = threading.Event()
        self.listener = socket.create_server((HOME, 0))
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        connection, _ = self.listener.accept()
        self.transport = paramiko.Transport(connection)
        self.transport.add_server_key(HOST_KEY)
        with suppress(paramiko.SSHException, EOFError):
            self.transport.start_server(server=self)
        self.transport.join()
        self.closed.set()

    def check_auth_publickey(self, *_: object) -> int:
        return self._on_login(self)

    def get_allowed_auths(self, *_: object) -> str:
        return "publickey"

    def check_channel_request(self, *_: object) -> int:
        return OPEN_SUCCEEDED

    def check_channel_exec_request(self, channel: paramiko.Channel, *_: object) -> bool:
        threading.Thread(target=self._behaved, args=(channel,), daemon=True).start()
        return True

    def _behaved(self, channel: paramiko.Channel) -> None:
        with suppress(OSError, EOFError):
            self._behave(self, channel)


class Mute(Sshd):
    """Never answers that it runs a command, and hears nothing more."""

    def check_channel_exec_request(self, *_: object) -> bool:
        self.over.wait()
        return False


def let_in(_: Sshd) -> int:
    return AUTH_SUCCESSFUL


Connect = Callable[[Sshd], SshLink]


@pytest.fixture
def connect(tmp_path: Path) -> Iterator[Connect]:
    made: list[Sshd] = []
    links: list[SshLink] = []
    identity = tmp_path / "id"
    paramiko.ECDSAKey.generate().write_private_key_file(str(identity))

    def connect(sshd: Sshd) -> SshLink:
        made.append(sshd)
        destination = Destination(
            host="edge-1",
            address=HOME,
            port=sshd.listener.getsockname()[1],
            user="root",
            identity_files=(str(identity),),
            known_name=HOME,
            pinned=(key_of(HOST_KEY),),
            connect_timeout=30.0,
        )
        links.append(SshLink(destination, "/run/containerd/containerd.sock", become=None))
        return links[-1]

    yield connect
    for sshd in made:
        sshd.over.set()
        sshd.listener.close()
    for link in links:
        link.close()


def without_status(sshd: Sshd, channel: paramiko.Channel) -> None:
    channel.sendall(b"done")
    channel.shutdown_write()
    sshd.over.wait()


def dripping(sshd: Sshd, channel: paramiko.Channel) -> None:
    while not sshd.over.is_set():
        channel.sendall(b".")
        time.sleep(0.001)


def deaf(sshd: Sshd, _: paramiko.Channel) -> None:
    sshd.over.wait()


@pytest.mark.parametrize("behave", [without_status, dripping, deaf])
def test_a_command_that_never_quite_ends_is_given_up(behave: Behaviour, connect: Connect) -> None:
    link = connect(Sshd(behave, on_login=let_in))
    with pytest.raises(Temporary, match=r"edge-1: a command did not end within 0\.3 s"):
        link.run("true", timeout=0.3)
    assert link.alive


def test_a_command_that_is_never_begun_is_given_up(connect: Connect) -> None:
    link = connect(Mute(deaf, on_login=let_in))
    with pytest.raises(Temporary, match="did not end within"):
        link.run("true", timeout=0.3)


def test_an_argument_with_a_nul_costs_no_connection(connect: Connect) -> None:
    link = connect(Sshd(deaf, on_login=let_in))
    with pytest.raises(ValueError, match="NUL"):
        link.run("true", "a\0b")
    assert link.alive


def test_input_that_is_not_taken_has_an_end_too(connect: Connect) -> None:
    link = connect(Sshd(deaf, on_login=let_in))
    with pytest.raises(Temporary, match="did not end within"):
        link.run("cat", stdin=b"x" * 20_000_000, timeout=0.3)


def test_a_command_that_does_not_read_its_input_tells_why_it_ended(connect: Connect) -> None:
    def refusing(_: Sshd, channel: paramiko.Channel) -> None:
        channel.recv(1)
        channel.sendall_stderr(b"no space left on device")
        channel.send_exit_status(1)
        channel.close()

    done = connect(Sshd(refusing, on_login=let_in)).run("tar", stdin=b"x" * 20_000_000, timeout=60.0)
    assert (done.code, done.error) == (1, "no space left on device")


def test_a_connection_that_ends_is_not_a_command_that_failed(connect: Connect) -> None:
    def dying(sshd: Sshd, channel: paramiko.Channel) -> None:
        channel.recv(1)
        channel.sendall(b"half of ")
        sshd.transport.close()

    with pytest.raises(Unreachable, match="edge-1: the SSH connection ended"):
        connect(Sshd(dying, on_login=let_in)).run("cat", stdin=b"x", timeout=60.0)


def test_a_connection_that_ends_before_a_command_is_begun_is_noticed_at_once(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = connect(Sshd(deaf, on_login=let_in))
    pending = paramiko.Channel._event_pending  # type: ignore[attr-defined] # the moment before a request is sent

    def lost(channel: paramiko.Channel) -> None:
        channel.get_transport().close()
        pending(channel)

    monkeypatch.setattr(paramiko.Channel, "_event_pending", lost)
    with pytest.raises(Unreachable, match="edge-1: the SSH connection ended"):
        link.run("true", timeout=600.0)


def test_a_farewell_that_is_no_text_is_a_lost_connection(connect: Connect) -> None:
    def garbling(sshd: Sshd, _: paramiko.Channel) -> None:
        farewell = paramiko.Message()
        farewell.add_byte(b"\1")
        farewell.add_int(2)
        farewell.add_string(b"\xff\xfe")
        sshd.transport._send_message(farewell)  # type: ignore[attr-defined] # no decent server sends this

    link = connect(Sshd(garbling, on_login=let_in))
    with pytest.raises(Unreachable, match="edge-1: the SSH connection ended"):
        link.run("true", timeout=60.0)
    with pytest.raises(Unreachable):
        link.run("true", timeout=60.0)


def test_a_key_that_is_refused_needs_a_person_and_a_connection_that_ends_does_not(connect: Connect) -> None:
    def leaving(sshd: Sshd) -> int:
        sshd.transport.close()
        return AUTH_FAILED

    with pytest.raises(Permanent, match="user root is not let in"):
        connect(Sshd(deaf, on_login=lambda _: AUTH_FAILED))
    with pytest.raises(Unreachable, match="ended while logging in"):
        connect(Sshd(deaf, on_login=leaving))


def test_a_relay_that_cannot_be_made_leaves_no_connection_behind(
    connect: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = tmp_path / ("x" * 100)
    long.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(long))
    sshd = Sshd(deaf, on_login=let_in)
    with pytest.raises(Temporary, match="edge-1: this machine cannot make a socket"):
        connect(sshd)
    assert sshd.closed.wait(60)
    assert list(long.iterdir()) == []


def test_a_giant_packet_is_not_taken_into_memory(connect: Connect) -> None:
    class Giant(Sshd):
        def _serve(self) -> None:
            connection, _ = self.listener.accept()
            with connection, suppress(OSError):
                connection.sendall(b"SSH-2.0-giant\r\n" + (0x7FFFFFFC).to_bytes(4, "big"))
                for _ in range(64):
                    connection.sendall(bytes(1024 * 1024))
                return
            self.closed.set()

    giant = Giant(deaf, on_login=let_in)
    with pytest.raises(Unreachable, match="does not speak SSH: a packet of 2147483"):
        connect(giant)
    assert giant.closed.wait(60)


def test_a_greeting_without_an_end_is_not_waited_for(connect: Connect) -> None:
    class Garrulous(Sshd):
        def _serve(self) -> None:
            connection, _ = self.listener.accept()
            with connection, suppress(OSError):
                while not self.over.is_set():
                    connection.sendall(bytes(1024))
            self.closed.set()

    with pytest.raises(Unreachable, match=r"does not speak SSH: .*: a greeting of more than 65536 bytes"):
        connect(Garrulous(deaf, on_login=let_in))


@pytest.mark.parametrize("kind", [b"\x5e", b"\x5f\0\0\0\1"], ids=["output", "errors"])
def test_what_nobody_reads_yet_does_not_grow_without_end(kind: bytes, connect: Connect) -> None:
    def flooding(sshd: Sshd, channel: paramiko.Channel) -> None:
        channel.recv(1)
        number = channel.remote_chanid.to_bytes(4, "big")
        flood = paramiko.Message(kind[:1] + number + kind[1:])
        flood.packet.seek(0, os.SEEK_END)
        flood.add_string(bytes(32 * 1024))
        for _ in range(1024):  # 32 MiB, twice of what a channel may send
            sshd.transport._send_message(flood)  # type: ignore[attr-defined] # a decent server keeps to the window
        sshd.over.wait()

    sshd = Sshd(flooding, on_login=let_in)
    link = connect(sshd)
    unread = link._connection.transport.open_session()
    command.start(unread, "cat", timeout=60.0)
    unread.sendall(b"x")
    assert sshd.closed.wait(60)
    with pytest.raises(Unreachable, match="edge-1: the SSH connection ended: the other side sends more than it may"):
        link.run("true", timeout=60.0)
