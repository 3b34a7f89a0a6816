"""The stream of events, from a server that is none of containerd's."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest

from agent.hosts.cri.client import Runtime
from agent.hosts.events import EventStream, Exits
from agent.hosts.proto import events_pb2

Serve = Callable[[Callable[[object, grpc.ServicerContext], Iterator[events_pb2.Envelope]] | None], Runtime]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Serve events with a function, or no service at all."""
    server = grpc.server(ThreadPoolExecutor(2))
    runtimes: list[Runtime] = []

    def serve(subscribed: Callable[[object, grpc.ServicerContext], Iterator[events_pb2.Envelope]] | None) -> Runtime:
        if subscribed is not None:
            handler = grpc.unary_stream_rpc_method_handler(
                subscribed, response_serializer=events_pb2.Envelope.SerializeToString
            )
            service = grpc.method_handlers_generic_handler(
                "containerd.services.events.v1.Events", {"Subscribe": handler}
            )
            server.add_generic_rpc_handlers((service,))
        server.add_insecure_port(f"unix:{tmp_path}/events.sock")
        server.start()
        runtimes.append(Runtime(f"unix:{tmp_path}/events.sock"))
        return runtimes[-1]

    yield serve
    for runtime in runtimes:
        runtime.close()
    server.stop(None).wait()


def ended() -> None:
    for thread in threading.enumerate():
        if thread.name == "trimtab-events":
            thread.join(60)


def test_a_runtime_without_events_is_not_asked_for_them_again_and_again(serve: Serve) -> None:
    woken: list[None] = []
    stream = EventStream(serve(None), Exits(), lambda: woken.append(None))
    ended()
    assert (woken, stream.lost) == ([], False)


def test_a_stream_that_ends_wakes_once_and_is_to_be_opened_again(serve: Serve) -> None:
    def subscribed(_: object, context: grpc.ServicerContext) -> Iterator[events_pb2.Envelope]:
        yield events_pb2.Envelope(topic="/images/delete")
        context.abort(grpc.StatusCode.UNAVAILABLE, "going down")

    woken: list[None] = []
    stream = EventStream(serve(subscribed), Exits(), lambda: woken.append(None))
    ended()
    assert (woken, stream.lost) == ([None, None], True)
