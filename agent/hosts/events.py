"""The runtime's event stream as wake-ups: what happened does not matter, the next look sees it."""

import contextlib
import threading
from collections.abc import Callable
from typing import Final

import grpc

from agent.hosts.cri.client import Runtime

_NAMESPACE: Final = "k8s.io"
_TOPICS: Final = (
    "/tasks/exit",
    "/tasks/delete",
    "/tasks/oom",
    "/containers/create",
    "/containers/delete",
    "/images/update",
    "/images/delete",
)
# CRI tells of an end a moment after the event does, and that moment has no event of its own.
_SETTLED_SECONDS: Final = 0.2


class EventStream:
    """An open stream. Wakes for every event that can mean drift, and once when the stream is lost."""

    def __init__(self, runtime: Runtime, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._stream = runtime.subscribe(*(f'namespace=={_NAMESPACE},topic=="{topic}"' for topic in _TOPICS))
        self._closed = False
        self._settling = threading.Event()
        self.lost = False
        threading.Thread(target=self._drain, name="trimtab-events", daemon=True).start()

    def _drain(self) -> None:
        # Always drained, whatever wake does with it: a reader that stalls can block calls on containerd 2.
        with contextlib.suppress(grpc.RpcError):
            for envelope in self._stream:
                self._wake()
                if envelope.topic.startswith("/tasks/") and not self._settling.is_set():
                    self._settling.set()
                    self._later()
        self.lost = True
        if not self._closed:
            self._wake()

    def _later(self) -> None:
        timer = threading.Timer(_SETTLED_SECONDS, self._settled)
        timer.daemon = True
        timer.start()

    def _settled(self) -> None:
        self._settling.clear()
        if not self._closed:
            self._wake()

    def close(self) -> None:
        """End the stream without a wake."""
        self._closed = True
        cancel = getattr(self._stream, "cancel", None)
        if cancel:
            cancel()
