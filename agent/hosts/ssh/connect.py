"""Opening a connection: dial, compare the host key, log in; every way that can fail, told apart."""

import errno
import socket

from agent.hosts.ssh.config import Destination
from agent.hosts.ssh.keys import load_private_key
from agent.hosts.ssh.library import IncompatiblePeer, paramiko
from agent.hosts.ssh.transport import HostTransport
from agent.hosts.ssh.trust import HostKey, check_host_key, key_of
from agent.hosts.ssh.wire import Wire, dial
from agent.ports import Permanent, Unreachable


class Connection:
    """A logged-in SSH connection and the ones it goes through."""

    def __init__(self, transport: HostTransport, through: "Connection | None") -> None:
        self.transport = transport
        self._through = through

    def close(self) -> None:
        """End the connection, innermost first."""
        self.transport.close()
        if self._through:
            self._through.close()


def connect(destination: Destination) -> Connection:
    """Return a logged-in connection. Raises Unreachable, or Permanent for a key or a login that is refused."""
    through = connect(destination.through) if destination.through else None
    try:
        return Connection(_open(destination, through), through)
    except BaseException:
        if through:
            through.close()
        raise


def scan_key(destination: Destination) -> HostKey:
    """Return the key that a host shows, trusting nothing and logging in nowhere."""
    through = connect(destination.through) if destination.through else None
    transport = None
    try:
        transport = _handshake(destination, through)
        return key_of(transport.get_remote_server_key())
    finally:
        if transport:
            transport.close()
        if through:
            through.close()


def _open(destination: Destination, through: Connection | None) -> HostTransport:
    if not destination.identity_files:
        raise Permanent(
            f"{destination.host}: no SSH key to log in with",
            hint="name one: identityFile in spec.ssh of the Host or of the Agent, or in the OpenSSH configuration",
        )
    transport = _handshake(destination, through)
    try:
        shown = key_of(transport.get_remote_server_key())
        check_host_key(shown, destination.pinned, host=destination.host, name=destination.known_name)
        _log_in(transport, destination)
        transport.keep_alive(destination.keepalive)
    except BaseException:
        transport.close()
        raise
    return transport


def _handshake(destination: Destination, through: Connection | None) -> HostTransport:
    where = f"{destination.address}:{destination.port}"
    wire = _wire(destination, through)
    transport = HostTransport(
        wire, timeout=destination.connect_timeout, known_types=[key.type for key in destination.pinned]
    )
    try:
        transport.start_client(timeout=destination.connect_timeout)
        if transport.initial_kex_done:
            return transport
        reason = "no answer in time"
    except IncompatiblePeer as error:
        transport.close()
        raise Permanent(f"{destination.host}: no common SSH algorithm with {where}: {error}") from None
    except (paramiko.SSHException, OSError, EOFError) as error:
        reason = str(error).strip() or "the connection was closed"
    transport.close()
    raise Unreachable(
        f"{destination.host}: {where} does not speak SSH: {reason}",
        hint="is it sshd that listens there, and does it let this machine in (MaxStartups, fail2ban)?",
    )


def _wire(destination: Destination, through: Connection | None) -> Wire:
    where = f"{destination.address}:{destination.port}"
    try:
        if through is None:
            return dial(
                destination.address,
                destination.port,
                timeout=destination.connect_timeout,
                keepalive=destination.keepalive,
            )
        return Wire(
            through.transport.open_channel(
                "direct-tcpip",
                (destination.address, destination.port),
                ("127.0.0.1", 0),
                timeout=destination.connect_timeout,
            )
        )
    except socket.gaierror as error:
        raise Unreachable(
            f"{destination.host}: the name {destination.address} does not resolve: {error.strerror}",
            hint="see spec.ssh.address of the Host",
        ) from None
    except paramiko.ChannelException as error:
        raise Unreachable(f"{destination.host}: the jump host cannot reach {where}: {error.text}") from None
    except (OSError, paramiko.SSHException, EOFError) as error:
        code = getattr(error, "errno", None)
        reason = errno.errorcode.get(code, "") if code else ""
        said = {"ECONNREFUSED": "connection refused: is sshd running?", "EHOSTUNREACH": "no route to host"}.get(reason)
        if said is None:
            said = "timed out" if isinstance(error, TimeoutError) else getattr(error, "strerror", None) or str(error)
        raise Unreachable(f"{destination.host}: cannot connect to {where}: {said}") from None


def _log_in(transport: HostTransport, destination: Destination) -> None:
    tried = []
    for file in destination.identity_files:
        key = load_private_key(file)
        try:
            if not transport.auth_publickey(destination.user, key):
                return
        except (paramiko.SSHException, OSError, EOFError) as error:
            # paramiko calls it a refusal, too, when there is no answer at all: that is nothing a person has to mend.
            refused = isinstance(error, paramiko.AuthenticationException) and "timeout" not in str(error)
            if not (refused and transport.is_active()):
                raise Unreachable(
                    f"{destination.host}: the connection ended while logging in: {str(error).strip() or 'closed'}"
                ) from None
        tried.append(f"{file} ({key_of(key).fingerprint})")
    raise Permanent(
        f"{destination.host}: user {destination.user} is not let in with {', '.join(tried)}",
        hint=f"add the public key to authorized_keys of {destination.user} on the host",
    )
