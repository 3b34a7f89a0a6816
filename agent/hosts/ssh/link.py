"""The link to a host over SSH: one connection for the runtime's socket and for commands."""

import shlex
import threading
import time
from collections.abc import Iterator
from typing import Final, Literal

from agent.hosts.link import Finished
from agent.hosts.relay import Relay
from agent.hosts.shell import KeptShells
from agent.hosts.ssh import command as commands
from agent.hosts.ssh.config import Destination
from agent.hosts.ssh.connect import connect
from agent.hosts.ssh.direct import open_direct
from agent.hosts.ssh.library import paramiko
from agent.hosts.ssh.shell import RemoteShell
from agent.hosts.ssh.streamlocal import Sink, deliver_to, open_streamlocal
from agent.ports import Permanent, Temporary, Unreachable

_MOST_OUTPUT: Final = 32 * 1024 * 1024
_READ_SIZE: Final = 256 * 1024
# sshd allows ten sessions on a connection (MaxSessions); logs that are followed, the shell that stays open and sudo's
# relay need some as well.
_SESSIONS: Final = 5

# The ways by which standard input and output become a connection to a unix socket, best first.
_BRIDGE: Final = """
for tool in socat ncat nc; do command -v $tool >/dev/null 2>&1 && break; tool=; done
case $tool in
socat) exec socat - UNIX-CONNECT:"$1" ;;
ncat | nc) exec $tool -U "$1" ;;
*) echo "neither socat nor nc is installed" >&2; exit 127 ;;
esac
"""


class SshLink:
    """A live SSH connection to a host. Made by ``open_link``; not revived once dead."""

    def __init__(self, destination: Destination, socket_path: str, *, become: Literal["sudo"] | None) -> None:
        self._destination = destination
        self._socket_path = socket_path
        self._become = become
        self._sessions = threading.BoundedSemaphore(_SESSIONS)
        self._connection = connect(destination)
        try:
            self._relay = Relay(self._open_sudo if become else self._open_streamlocal)
        except OSError as error:
            self._connection.close()
            raise Temporary(
                f"{destination.host}: this machine cannot make a socket to relay containerd's: {error}",
                hint="is there room for temporary files, is TMPDIR short, may trimtab open more files (ulimit -n)?",
            ) from None
        self._shells = KeptShells(self._open_shell, host=destination.host)

    @property
    def target(self) -> str:
        """Where gRPC connects to reach the runtime's socket."""
        return self._relay.target

    @property
    def alive(self) -> bool:
        """Whether the connection still stands."""
        return bool(self._connection.transport.is_active())

    def failure(self) -> Exception | None:
        """Return why the runtime's socket cannot be reached, where that is known."""
        return self._lost() if not self.alive else self._relay.failure

    def run(self, script: str, *arguments: str, stdin: bytes = b"", timeout: float = 60.0) -> Finished:
        """Run a shell script with arguments on the host and wait for its end."""
        with self._sessions:
            try:
                return self._run(self._command(script, arguments), stdin, timeout)
            except TimeoutError:
                raise Temporary(f"{self._destination.host}: a command did not end within {timeout:g} s") from None
            except (OSError, EOFError, paramiko.SSHException) as error:
                raise self._lost(error) from None

    def quick(self, script: str, *arguments: str, timeout: float = 10.0) -> Finished:
        """Run a small script through a shell that stays open."""
        try:
            return self._shells.run(script, *arguments, timeout=timeout)
        except (OSError, EOFError, paramiko.SSHException) as error:
            raise self._lost(error) from None

    def _open_shell(self) -> RemoteShell:
        channel = self._connection.transport.open_session(timeout=self._destination.connect_timeout)
        shell = shlex.join(["exec", *self._prefix, "sh"])  # takes the place of the login shell
        commands.start(channel, shell, timeout=self._destination.connect_timeout)
        return RemoteShell(channel, end=lambda script, pid: self.run(script, pid, timeout=10))

    def _run(self, command: str, stdin: bytes, timeout: float) -> Finished:
        deadline = time.monotonic() + timeout
        channel = self._connection.transport.open_session(timeout=timeout)
        with channel:
            commands.start(channel, command, timeout=timeout)
            commands.send(channel, stdin, deadline)
            channel.shutdown_write()
            parts: list[bytes] = []
            size = 0
            while part := commands.receive(channel, _READ_SIZE, deadline):
                parts.append(part)
                size += len(part)
                if size > _MOST_OUTPUT:
                    raise Temporary(f"{self._destination.host}: a command printed more than {_MOST_OUTPUT} bytes")
            error = channel.makefile_stderr("rb").read(_READ_SIZE)  # all there: both end together
            return Finished(
                code=commands.exit_code(channel, deadline),
                output=b"".join(parts),
                error=error.decode(errors="replace").strip(),
            )

    def stream(self, script: str, *arguments: str) -> Iterator[bytes]:
        """Run a shell script and yield its output as it comes, until it ends or the iterator is closed."""
        try:
            with self._connection.transport.open_session() as channel:
                commands.start(channel, self._command(script, arguments), timeout=self._destination.connect_timeout)
                while part := channel.recv(_READ_SIZE):
                    yield part
        except (OSError, EOFError, paramiko.SSHException) as error:
            raise self._lost(error) from None

    def dial(self, address: str, port: int, *, timeout: float) -> paramiko.Channel:
        """Connect to a TCP port from the host."""
        try:
            return open_direct(self._connection.transport, address, port, timeout=timeout)
        except (EOFError, paramiko.SSHException) as error:
            raise self._lost(error) from None

    def answers(self, within: float) -> bool:
        """Whether the host answers right now."""
        try:
            return self.alive and self._connection.transport.answers(within)
        except (OSError, EOFError, paramiko.SSHException):
            return False

    def close(self) -> None:
        """Let go of the connection."""
        self._shells.close()
        self._relay.close()
        self._connection.close()

    def _command(self, script: str, arguments: tuple[str, ...]) -> str:
        return shlex.join([*self._prefix, "sh", "-c", script, "sh", *arguments])

    @property
    def _prefix(self) -> list[str]:
        return ["sudo", "-n", "--"] if self._become else []

    def _lost(self, error: Exception | None = None) -> Unreachable:
        reason = self._connection.transport.why_ended(error)
        return Unreachable(f"{self._destination.host}: the SSH connection ended: {reason}")

    def _open_streamlocal(self, sink: Sink) -> paramiko.Channel:
        try:
            return open_streamlocal(
                self._connection.transport, self._socket_path, sink, timeout=self._destination.connect_timeout
            )
        except paramiko.ChannelException as error:
            raise self._refusal(error) from None
        except (OSError, EOFError, paramiko.SSHException) as error:
            raise self._lost(error) from None

    def _refusal(self, error: paramiko.ChannelException) -> Exception:
        """Tell why sshd did not connect us with the socket; it says no more than "connect failed"."""
        host, path, user = self._destination.host, self._socket_path, self._destination.user
        if error.code == 1:  # administratively prohibited
            return Permanent(
                f"{host}: sshd does not forward to unix sockets",
                hint="allow it for this user (AllowStreamLocalForwarding yes, no DisableForwarding), or become: sudo",
            )
        if _SOCKET_STATES.get(self._state_of_socket()) == "denied":
            return Permanent(
                f"{host}: user {user} has no rights on {path}",
                hint="log in as root, or set become: sudo in spec.ssh, or give the user's group rights on the socket",
            )
        if self._forwards_nothing():
            return Permanent(
                f"{host}: sshd forwards nothing for user {user}, unix sockets included",
                hint="allow it (AllowTcpForwarding yes or local, no PermitOpen none, no DisableForwarding), "
                "or become: sudo, without probes over the network then",
            )
        return Unreachable(
            f"{host}: nothing answers on {path}",
            hint="is containerd running (systemctl status containerd)? See spec.runtimeEndpoint of the Host",
        )

    def _forwards_nothing(self) -> bool:
        """Tell whether sshd forwards no TCP: it then says of unix sockets that they cannot be connected to."""
        try:
            self.dial("127.0.0.1", self._destination.port, timeout=self._destination.connect_timeout).close()
        except Permanent:
            return True
        except (OSError, Unreachable):
            pass
        return False

    def _state_of_socket(self) -> int:
        return self.run('[ -e "$1" ] || exit 3; [ -w "$1" ] || exit 4', self._socket_path, timeout=10).code

    def _open_sudo(self, sink: Sink) -> paramiko.Channel:
        self._check_sudo()
        try:
            channel = self._connection.transport.open_session(timeout=self._destination.connect_timeout)
            deliver_to(channel, sink)
            bridge = self._command(_BRIDGE, (self._socket_path,))
            commands.start(channel, bridge, timeout=self._destination.connect_timeout)
        except (OSError, EOFError, paramiko.SSHException) as error:
            raise self._lost(error) from None
        else:
            return channel

    def _check_sudo(self) -> None:
        host, user = self._destination.host, self._destination.user
        script = "command -v socat >/dev/null || command -v ncat >/dev/null || command -v nc >/dev/null || exit 5"
        done = self.run(
            f'{script}; [ -S "$1" ] || exit 3', self._socket_path, timeout=self._destination.connect_timeout
        )
        if done.code == 0:
            return
        if done.code == 3:
            raise Unreachable(f"{host}: there is no socket {self._socket_path}: is containerd running?")
        if done.code == 5:
            raise Permanent(
                f"{host}: neither socat nor nc is installed, one of which become: sudo needs to reach containerd",
                hint="apt-get install socat, or log in as a user with rights on the socket",
            )
        raise Permanent(
            f"{host}: user {user} cannot become root with sudo: {done.error[:200]}",
            hint=f"allow it without a password, say in /etc/sudoers.d/trimtab: {user} ALL=(root) NOPASSWD: ALL",
        )


_SOCKET_STATES: Final = {3: "missing", 4: "denied"}
