"""The runtime's event stream: wake-ups, and the ends that CRI has not taken note of yet.

What else happened does not matter, the next look sees it. An end is different: CRI tells of it only once it has
cleaned up, a tenth of a second later. The event says so at once, and is as true.
"""

import contextlib
import threading
from collections.abc import Callable, Collection, Mapping
from typing import Final

import grpc
from google.protobuf.message import DecodeError

from agent.hosts.cri.client import NAMESPACE, Runtime
from agent.hosts.cri.errors import code_of
from agent.hosts.proto import events_pb2
from agent.model.value import Value

_EXIT: Final = "/tasks/exit"
_OOM: Final = "/tasks/oom"
_TOPICS: Final = (
    _EXIT,
    _OOM,
    "/tasks/delete",
    "/containers/create",
    "/containers/delete",
    "/images/update",
    "/images/delete",
)
_MOST_EXITS: Final = 1024


class Exit(Value, frozen=True, kw_only=True):
    """How and when the first process of a container or sandbox ended."""

    code: int
    at: float


class Exits:
    """The ends that events told of, until CRI tells of them too."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_id: dict[str, Exit] = {}
        self._out_of_memory: dict[str, None] = {}

    def add(self, task: events_pb2.TaskExit) -> None:
        """Take note of an end."""
        with self._lock:
            while len(self._by_id) >= _MOST_EXITS:
                del self._by_id[next(iter(self._by_id))]
            at = (task.exited_at.seconds * 10**9 + task.exited_at.nanos) * 1e-9  # to the digit as CRI's is read
            self._by_id[task.container_id] = Exit(code=task.exit_status, at=at)

    def ran_out_of_memory(self, oom: events_pb2.TaskOOM) -> None:
        """Take note of a container in which the kernel killed something for want of memory."""
        with self._lock:
            while len(self._out_of_memory) >= _MOST_EXITS:
                del self._out_of_memory[next(iter(self._out_of_memory))]
            self._out_of_memory[oom.container_id] = None

    def out_of_memory(self) -> Collection[str]:
        """Return the ids of such containers."""
        with self._lock:
            return frozenset(self._out_of_memory)

    def known(self) -> Mapping[str, Exit]:
        """Return all of them, by id."""
        with self._lock:
            return dict(self._by_id)

    def forget(self, container_id: str) -> None:
        """Let go of an end that CRI tells of by itself."""
        with self._lock:
            self._by_id.pop(container_id, None)


class EventStream:
    """An open stream. Wakes for every event that can mean drift, and once when the stream is lost.

    A runtime that has no such events (another than containerd) is not asked again at each look, which the loss of a
    stream would ask for in turn: it is looked at when it is time to.
    """

    def __init__(self, runtime: Runtime, exits: Exits, wake: Callable[[], None]) -> None:
        self._exits = exits
        self._wake = wake
        self._stream = runtime.subscribe(*(f'namespace=={NAMESPACE},topic=="{topic}"' for topic in _TOPICS))
        self._closed = False
        self.lost = False
        threading.Thread(target=self._drain, name="trimtab-events", daemon=True).start()

    def _drain(self) -> None:
        # Always drained, whatever wake does with it: a reader that stalls can block calls on containerd 2.
        try:
            for envelope in self._stream:
                if envelope.topic == _OOM:
                    self._note_oom(envelope)
                if envelope.topic != _EXIT or self._note_exit(envelope):
                    self._wake()
        except grpc.RpcError as error:
            if code_of(error) is grpc.StatusCode.UNIMPLEMENTED:
                return
        self.lost = True
        if not self._closed:
            self._wake()

    def _note_oom(self, envelope: events_pb2.Envelope) -> None:
        with contextlib.suppress(DecodeError):
            self._exits.ran_out_of_memory(events_pb2.TaskOOM.FromString(envelope.event.value))

    def _note_exit(self, envelope: events_pb2.Envelope) -> bool:
        """Keep the end of a container; tell whether it was one, not that of a command executed in it."""
        try:
            task = events_pb2.TaskExit.FromString(envelope.event.value)
        except DecodeError:
            return True
        if task.id not in ("", task.container_id):
            return False
        self._exits.add(task)
        return True

    def close(self) -> None:
        """End the stream without a wake."""
        self._closed = True
        cancel = getattr(self._stream, "cancel", None)
        if cancel:
            cancel()
