"""What a container's server may answer to a check or a hook: nothing of it is more than a failed check."""

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import cast

import pytest
from hpack import Encoder

from agent.hosts.handlers import Reach, run_handler, run_probe
from agent.hosts.local import LocalLink
from agent.model.objects.pod import GrpcAction, HttpGetAction, LifecycleHandler, Probe, SleepAction

Serve = Callable[[bytes], int]
HOME = "127.0.0.1"


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serve a connection with the same answer, whatever is asked."""
    servers: list[socket.socket] = []

    def serve(answer: bytes) -> int:
        server = socket.create_server((HOME, 0))
        servers.append(server)

        def answered() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(answer)
                connection.recv(65536)

        threading.Thread(target=answered, daemon=True).start()
        return int(server.getsockname()[1])

    yield serve
    for server in servers:
        server.close()


@pytest.fixture
def reach() -> Reach:
    return cast("Reach", SimpleNamespace(link=LocalLink("here", "/no/socket"), runtime=None, closed=threading.Event()))


@pytest.mark.parametrize("location", [b"http://[", b"//[x", b"http://127.0.0.1]/", b"http://127.0.0.1:x/"])
def test_a_redirect_that_leads_nowhere_fails_the_check_and_the_hook(
    location: bytes, serve: Serve, reach: Reach
) -> None:
    answer = b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + location + b"\r\n\r\n"
    probed = run_probe(
        reach, Probe(http_get=HttpGetAction(port=serve(answer)), timeout_seconds=60), container_id="c", address=HOME
    )
    assert (probed.ok, probed.unknown) == (False, False)
    hook = LifecycleHandler(http_get=HttpGetAction(port=serve(answer)))
    hooked = run_handler(reach, hook, container_id="c", address=HOME, timeout=60.0)
    assert not hooked.ok
    assert hooked.message.startswith(f'Get "http://{HOME}')


def test_a_grpc_answer_that_is_no_text_is_read_as_far_as_it_goes(serve: Serve, reach: Reach) -> None:
    head = Encoder().encode([(b":status", b"200"), (b"grpc-status", b"5"), (b"grpc-message", b"no \xff such")])
    frames = b"\0\0\0\4\0\0\0\0\0" + struct.pack(">I", len(head))[1:] + b"\1\5\0\0\0\1" + head
    probed = run_probe(
        reach, Probe(grpc=GrpcAction(port=serve(frames)), timeout_seconds=60), container_id="c", address=HOME
    )
    assert (probed.ok, probed.unknown) == (False, False)
    assert "code = 5 desc = no \N{REPLACEMENT CHARACTER} such" in probed.message


def test_a_pause_ends_with_the_connection(reach: Reach) -> None:
    hook = LifecycleHandler(sleep=SleepAction(seconds=3600))
    with ThreadPoolExecutor(1) as thread:
        paused = thread.submit(run_handler, reach, hook, container_id="c", address=HOME, timeout=3600.0)
        reach.closed.set()
        assert (paused.result().ok, paused.result().unknown) == (False, True)
