"""The daemon and its configuration: what is right on paper and cannot be run with does not end what runs."""

import io
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue

import pytest

from agent.cli.config import open_config
from agent.cli.service.daemon import Word, hold
from agent.model.objects.agent import AgentConfig
from agent.ports import PortError


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody else listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


def _config(folder: Path, name: str, port: int = 0) -> AgentConfig:
    written = {
        "apiVersion": "trimtab.dev/v1alpha1",
        "kind": "Agent",
        "metadata": {"name": "test"},
        "spec": {"source": {"url": str(folder / "fleet.git")}, "stateDir": str(folder / name)}
        | {"metrics": {"port": port}},
    }
    path = folder / f"{name}.yaml"
    path.write_text(json.dumps(written))
    return open_config(path)


def _hold(folder: Path, first: AgentConfig, *read_later: AgentConfig) -> None:
    """Run until each of some configurations was read, at a reload of its own, and then until told to stop."""
    words: SimpleQueue[Word] = SimpleQueue()
    for _ in read_later:
        words.put("reload")
    words.put("stop")
    hold(first, words, folder / "agent.yaml", iter(read_later).__next__)


def test_a_configuration_that_nothing_can_run_with_leaves_the_one_before(
    log: io.StringIO, tmp_path: Path, taken: int
) -> None:
    right, wrong, next_one = _config(tmp_path, "a"), _config(tmp_path, "b", taken), _config(tmp_path, "c")
    _hold(tmp_path, right, wrong, next_one)
    said = [line for line in map(json.loads, log.getvalue().splitlines()) if line["level"] == "error"]
    assert [f"127.0.0.1:{taken}" in line["problem"] for line in said] == [True]
    assert "the one before goes on" in said[0]["event"]
    assert (tmp_path / "c" / "lock").exists(), "the one before went on, and read the next one"


def test_what_cannot_start_at_all_is_an_error(tmp_path: Path, taken: int) -> None:
    with pytest.raises(PortError, match=f"cannot serve metrics on 127.0.0.1:{taken}"):
        _hold(tmp_path, _config(tmp_path, "a", taken))
