"""The daemon and its configuration: what is right on paper and cannot be run with does not end what runs."""

import io
import json
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue

import pytest

from agent.cli.config import open_config
from agent.cli.service.daemon import Word, hold
from agent.model.objects.agent import AgentConfig
from agent.ports import PortError
from agent.reconciler.threads import Worker


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


class Told(SimpleQueue[Word]):
    """Words for a daemon that is given them turn by turn: before each turn but the first, something happens."""

    def __init__(self, *turns: Callable[[], Word]) -> None:
        super().__init__()
        self._turns = iter(turns)

    def get(self, block: bool = True, timeout: float | None = None) -> Word:  # noqa: ARG002 - the queue's own
        return next(self._turns)()


def test_a_loop_whose_thread_died_ends_the_signs_of_life(
    log: io.StringIO, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """systemd starts the agent again then; until it does, /healthz and the log say which loop it is."""
    died: SimpleQueue[threading.Thread] = SimpleQueue()
    run = Worker._run  # there is no other way to end a thread from outside

    def run_or_die(worker: Worker) -> None:
        if worker.thread.name == "prober":
            died.put(worker.thread)
        else:
            run(worker)

    monkeypatch.setattr(Worker, "_run", run_or_die)
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    health: list[str] = []

    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.setblocking(False)

        def once_it_died() -> Word:
            died.get(timeout=60).join(60)
            _received(systemd)
            return "asked"

        def after_a_turn() -> Word:
            assert "WATCHDOG=1" not in _received(systemd)
            with pytest.raises(urllib.error.HTTPError) as answer:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=60)
            with answer.value as refusal:
                health.append(refusal.read().decode())
            return "stop"

        words = Told(once_it_died, after_a_turn)
        hold(_config(tmp_path, "a", port), words, tmp_path / "agent.yaml", lambda: _config(tmp_path, "a", port))
    assert health == ["the prober loop has ended\n"]
    assert "the prober loop has ended" in log.getvalue()


def test_a_state_directory_that_is_taken_away_ends_the_agent_and_nothing_is_put_in_its_place(tmp_path: Path) -> None:
    """A second agent could have what is there instead. systemd starts this one again, with what is there then."""
    first = _config(tmp_path, "a")

    def move_away() -> Word:
        (tmp_path / "a").rename(tmp_path / "backup")
        return "asked"

    with pytest.raises(PortError, match="was moved away or replaced"):
        hold(first, Told(move_away, lambda: "stop"), tmp_path / "agent.yaml", lambda: first)
    assert not (tmp_path / "a" / "state.json").exists()
    assert not (tmp_path / "a" / "status.json").exists()


def _received(listening: socket.socket) -> list[str]:
    found = []
    with suppress(BlockingIOError):
        while True:
            found += listening.recv(10_000).decode().split("\n")
    return found


def test_what_cannot_start_at_all_is_an_error(tmp_path: Path, taken: int) -> None:
    with pytest.raises(PortError, match=f"cannot serve metrics on 127.0.0.1:{taken}"):
        _hold(tmp_path, _config(tmp_path, "a", taken))
