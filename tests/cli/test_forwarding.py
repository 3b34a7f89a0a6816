"""Where `trimtab port-forward` listens."""

import socket

import pytest

from agent.cli.reach.forwarding import Listeners
from agent.ports import Permanent


def test_an_address_that_another_program_has_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with Listeners(["127.0.0.1", "127.0.0.2"], [(port, 80)]) as listeners:
            assert [opened.shown for opened in listeners.opened] == [f"127.0.0.2:{port}"]
            assert listeners.taken == [f"127.0.0.1:{port}: Address already in use"]


def test_each_local_port_needs_an_address_also_where_two_lead_to_one_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(Permanent, match="unable to listen on port"):
        Listeners(["127.0.0.1"], [(0, 80), (other.getsockname()[1], 80)])
