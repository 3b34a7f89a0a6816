"""Local ports that lead to a pod: each connection has a tunnel of its own."""

import errno
import os
import selectors
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from threading import Event, Thread
from typing import TYPE_CHECKING, Final, Self

import typer

from agent.cli.errors import complain
from agent.model.value import Value
from agent.ports import Permanent, PortError, Temporary

if TYPE_CHECKING:
    from agent.hosts.host import ContainerdHost
    from agent.hosts.streaming import Tunnel

_READ_SIZE: Final = 32 * 1024
_LOOK_EVERY: Final = 1.0
_BACKLOG: Final = 128


class Opened(Value, frozen=True, kw_only=True):
    """An address that is listened on, as it is shown, and the pod's port that it leads to."""

    shown: str
    remote: int


class Listeners:
    """Sockets for pairs of ports, on every address. Raises Permanent when there is none for a pair."""

    def __init__(self, addresses: Sequence[str], ports: Sequence[tuple[int, int]]) -> None:
        self.sockets: list[tuple[socket.socket, int]] = []
        self.opened: list[Opened] = []
        self.taken: list[str] = []
        """Addresses that another program listens on: who connects there does not reach the pod."""
        try:
            for local, remote in ports:
                self._open(addresses, local, remote)
        except BaseException:
            self.close()
            raise

    def _open(self, addresses: Sequence[str], local: int, remote: int) -> None:
        failed: list[str] = []
        before, number = len(self.opened), local
        for address in addresses:
            # localhost is both loopbacks, where the machine has both; one of them is enough.
            for one in ("127.0.0.1", "::1") if address == "localhost" else (address.strip(),):
                try:
                    listener = socket.create_server(
                        (one, number), family=socket.AF_INET6 if ":" in one else socket.AF_INET, backlog=_BACKLOG
                    )
                except OSError as error:
                    # Python adds the address, once more and as it writes tuples.
                    why = os.strerror(error.errno) if error.errno else str(error)
                    failed.append(f"{one}:{number}: {why}")
                    if error.errno == errno.EADDRINUSE:
                        self.taken.append(failed[-1])
                    continue
                listener.setblocking(False)
                number = listener.getsockname()[1]
                self.sockets.append((listener, remote))
                self.opened.append(
                    Opened(shown=f"[{one}]:{number}" if ":" in one else f"{one}:{number}", remote=remote)
                )
        if len(self.opened) == before:
            raise Permanent(
                f"unable to listen on port {local}: {'; '.join(failed)}", hint="choose another: LOCAL:REMOTE"
            )

    def close(self) -> None:
        """Stop listening."""
        for listener, _ in self.sockets:
            listener.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Forwarder:
    """Serves connections, side by side, as long as the pod's sandbox and the way to its host are there."""

    def __init__(self, host: "ContainerdHost", sandbox_id: str, *, clock: Callable[[], float]) -> None:
        self._host, self._sandbox_id, self._clock = host, sandbox_id, clock
        self._changed = Event()

    def serve(self, listeners: Listeners) -> None:
        """Serve until interrupted. Raises Temporary when the pod, or the way to it, is lost."""
        self._host.watch(self._changed.set)
        looked = self._clock()
        with selectors.DefaultSelector() as selector:
            for listener, remote in listeners.sockets:
                selector.register(listener, selectors.EVENT_READ, remote)
            while True:
                for key, _ in selector.select(_LOOK_EVERY):
                    self._accept(key.fileobj, key.data)
                if self._clock() - looked >= _LOOK_EVERY:
                    looked = self._clock()
                    self._check()

    def _check(self) -> None:
        if not self._host.connected:
            raise Temporary(f"lost connection to host {self._host.name}")
        if self._changed.is_set():
            self._changed.clear()
            seen = self._host.observe()
            if not any(sandbox.id == self._sandbox_id and sandbox.ready for sandbox in seen.sandboxes):
                raise Temporary("lost connection to pod: it is gone")

    def _accept(self, listener: object, remote: int) -> None:
        assert isinstance(listener, socket.socket)  # noqa: S101 - the selector has nothing else
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        connection.setblocking(True)
        typer.echo(f"Handling connection for {listener.getsockname()[1]}")
        Thread(target=self._connect, args=(connection, remote), name="trimtab-forward", daemon=True).start()

    def _connect(self, connection: socket.socket, remote: int) -> None:
        with connection:
            try:
                tunnel = self._host.forward(self._sandbox_id, remote)
                try:
                    Thread(target=_upward, args=(connection, tunnel), name="trimtab-forward-up", daemon=True).start()
                    for content in tunnel.read():
                        connection.sendall(content)
                finally:
                    tunnel.close()
            except PortError as error:
                complain(f"forwarding port {remote}: {error}")
                self._changed.set()
            except OSError:
                pass  # the local side went, which is its right
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)  # also for the other direction, which may be reading


def _upward(connection: socket.socket, tunnel: "Tunnel") -> None:
    with suppress(OSError, PortError):  # the other direction tells why
        while content := connection.recv(_READ_SIZE):
            tunnel.write(content)
        tunnel.finish()
