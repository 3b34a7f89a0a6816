"""A runtime that answers with more than any host has: the agent takes no part of it into memory for long."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import grpc
import pytest

from agent.hosts.host import ContainerdHost
from agent.hosts.local import LocalLink
from agent.ports import Temporary
from tests.hosts.pods import AGENT, WallClock

ITEM = b"\x0a\x00"  # a first field with nothing in it: two bytes here, a hundred and more once they are read
Serve = Callable[[str, bytes], ContainerdHost]


class Lying(grpc.GenericRpcHandler):  # type: ignore[type-arg] # only the stubs know its types
    """Answers one call with whatever a test wants, and all others with nothing."""

    def __init__(self, call: str, answer: bytes) -> None:
        self._call, self._answer = call, answer

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> "grpc.RpcMethodHandler[bytes, bytes]":
        answer = self._answer if handler_call_details.method.endswith(f"/{self._call}") else b""
        return grpc.unary_unary_rpc_method_handler(lambda _request, _context: answer)


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    socket = str(tmp_path / "cri.sock")
    server = grpc.server(ThreadPoolExecutor(4))
    server.add_insecure_port(f"unix:{socket}")
    hosts: list[ContainerdHost] = []

    def serve(call: str, answer: bytes) -> ContainerdHost:
        server.add_generic_rpc_handlers((Lying(call, answer),))
        server.start()
        link = partial(LocalLink, "edge-1", socket)
        hosts.append(ContainerdHost("edge-1", socket, link, agent=AGENT, claim=None, clock=WallClock(), parallel=1))
        return hosts[-1]

    yield serve
    for host in hosts:
        host.close()
    server.stop(None).wait()


@pytest.mark.parametrize("call", ["ListPodSandbox", "ListContainers", "ListImages"])
def test_a_list_without_end_is_not_gone_through(call: str, serve: Serve) -> None:
    with pytest.raises(Temporary, match="edge-1: containerd lists 20001 sandboxes, containers or images"):
        serve(call, ITEM * 20_001).observe()


def test_an_answer_that_no_runtime_gives_is_not_read(serve: Serve) -> None:
    with pytest.raises(Temporary, match=r"look at the host: .*larger than max"):
        serve("ListPodSandbox", ITEM * (8 * 1024 * 1024 + 1)).observe()
