"""What makes the agent a good service: notifications, its log, its metrics, its health."""

import io
import json
import os
import signal
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue

import pytest
import structlog
from msgspec.structs import replace

from agent.cli.running.published import newest_published
from agent.cli.service.health import Health
from agent.cli.service.http import StatusServer
from agent.cli.service.logs import LoggedJournal, configure_log
from agent.cli.service.notify import notify, notify_reloading, watchdog_interval
from agent.cli.service.publisher import Publisher
from agent.cli.service.signals import heard
from agent.journal import StateLock
from agent.model.kindstatus import AutoscalerStatus
from agent.model.objects.agent import Metrics as MetricsSpec
from agent.model.objects.meta import ObjectKey
from agent.model.status import ObjectStatus
from agent.model.value import Sensitive
from agent.ports import Event, Permanent, PortError, Refused, State
from agent.reconciler.reporting.snapshot import Metrics
from tests.cli.test_status_rendering import troubled

NOW = 1_800_000_000.0


@pytest.fixture(params=["path", "abstract"])
def systemd(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    address = str(tmp_path / "notify") if request.param == "path" else f"@trimtab-test-{tmp_path.name}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(address.replace("@", "\0", 1))
        listening.settimeout(10)
        monkeypatch.setenv("NOTIFY_SOCKET", address)
        yield listening


def test_systemd_is_told_the_state(systemd: socket.socket) -> None:
    notify(READY=1, STATUS="3 hosts\nREADY=0")
    assert systemd.recv(1000) == b"READY=1\nSTATUS=3 hosts READY=0"
    notify_reloading()
    first, second = systemd.recv(1000).decode().split("\n")
    assert first == "RELOADING=1"
    assert second.removeprefix("MONOTONIC_USEC=").isdecimal()


@pytest.mark.parametrize("asleep", [False, True])
def test_a_signal_is_heard_whichever_thread_the_kernel_gives_it_to(*, asleep: bool) -> None:
    words: SimpleQueue[str] = SimpleQueue()
    with heard({signal.SIGUSR1: lambda: words.put("one"), signal.SIGUSR2: lambda: words.put("two")}):
        elsewhere = {signal.SIGUSR1, signal.SIGUSR2} if asleep else set()
        before = signal.pthread_sigmask(signal.SIG_BLOCK, elsewhere)  # the main thread takes none of them
        try:
            os.kill(os.getpid(), signal.SIGUSR1)
            assert words.get(timeout=30) == "one"
            os.kill(os.getpid(), signal.SIGUSR2)
            assert words.get(timeout=30) == "two"
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
    assert signal.getsignal(signal.SIGUSR1) == signal.SIG_DFL
    assert words.empty()


def test_without_systemd_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    notify(READY=1)


@pytest.mark.parametrize(
    ("limit", "pid", "interval"),
    [("60000000", None, 30.0), ("60000000", "1", None), ("", None, None), ("x", None, None)],
)
def test_a_sign_of_life_twice_as_often_as_asked(
    monkeypatch: pytest.MonkeyPatch, limit: str, pid: str | None, interval: float | None
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", limit)
    monkeypatch.delenv("WATCHDOG_PID", raising=False)
    if pid:
        monkeypatch.setenv("WATCHDOG_PID", pid)
    assert watchdog_interval() == interval


def test_the_log_is_json_and_masks_what_came_from_a_secret(log: io.StringIO) -> None:
    secret = Sensitive("hunter2-marker")
    structlog.get_logger().warning(
        "made", value=secret, deep={"list": [secret, ("x", secret)]}, raw=b"hunter2-marker", host="a\x1b[2Jb"
    )
    line = log.getvalue()
    assert "hunter2" not in line
    entry = json.loads(line)
    assert entry["event"] == "made"
    assert entry["level"] == "warning"
    assert entry["host"] == "a\\x1b[2Jb"


def _lines(log: io.StringIO) -> list[dict[str, str]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


def test_what_the_journal_cannot_take_is_in_the_log(log: io.StringIO, tmp_path: Path) -> None:
    (tmp_path / "events.jsonl").mkdir()
    event = Event(at=1.0, type="Warning", reason="SaveFailed", message="no space left", host="h1")
    with pytest.raises(PortError):
        LoggedJournal(tmp_path).record(event)
    (line,) = _lines(log)
    assert [line[name] for name in ("reason", "event", "host")] == ["SaveFailed", "no space left", "h1"]


def test_a_backup_that_was_put_in_place_meanwhile_is_not_written_over(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    with StateLock(folder, "prod") as lock:
        journal = LoggedJournal(folder, lock.check)
        journal.save(State(in_force="b"))
        folder.rename(tmp_path / "newer")
        LoggedJournal(folder).save(State(in_force="a"))
        with pytest.raises(Refused, match="moved away or replaced"):
            journal.save(State(in_force="c"))
    assert LoggedJournal(folder).load().in_force == "a"


@pytest.mark.parametrize("takes_events", [True, False])
def test_a_damaged_state_is_said_in_the_log_and_keeps_nobody_from_starting(
    log: io.StringIO, tmp_path: Path, *, takes_events: bool
) -> None:
    (tmp_path / "state.json").write_bytes(b'{"version":')
    if not takes_events:
        (tmp_path / "events.jsonl").mkdir()
    assert LoggedJournal(tmp_path).load() == State()
    (line,) = _lines(log)
    assert (line["level"], line["reason"]) == ("warning", "StateCorrupt")
    assert "state.json.corrupt-1" in line["event"]


def test_a_status_that_cannot_be_left_is_said_once(log: io.StringIO, tmp_path: Path) -> None:
    publisher, status = Publisher(tmp_path), tmp_path / "status.json"
    for _ in range(2):
        status.unlink(missing_ok=True)
        status.mkdir()
        publisher.publish(troubled())
        publisher.publish(troubled())
        status.rmdir()
        publisher.publish(troubled())
    assert newest_published(tmp_path) is not None
    assert len(_lines(log)) == 2
    assert str(status) in _lines(log)[0]["problem"]


class Gone(io.StringIO):
    """A pipe that nobody reads any more."""

    def write(self, text: str) -> int:
        raise BrokenPipeError(len(text))


def test_a_log_that_nobody_takes_stops_nothing() -> None:
    configure_log(Gone())
    structlog.get_logger(__name__).error("fault in a loop")
    structlog.reset_defaults()


@pytest.fixture
def server() -> Iterator[StatusServer]:
    serving = StatusServer(MetricsSpec(address="127.0.0.1", port=0), lambda: NOW)
    yield serving
    serving.close()


def read(server: StatusServer, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{server.port}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_health_and_readiness(server: StatusServer) -> None:
    assert read(server, "/healthz") == (200, "ok\n")
    assert read(server, "/readyz") == (503, "starting\n")
    fleet = troubled().fleet
    server.snapshot = replace(troubled(), fleet=replace(fleet, in_force=None, message="waiting for the first look"))
    assert read(server, "/readyz") == (503, "waiting for the first look\n")
    server.snapshot = replace(troubled(), fleet=replace(fleet, planned_at=NOW))
    assert read(server, "/readyz") == (200, "ok\n")
    assert read(server, "/other")[0] == 404
    server.ailing = lambda: "the fleet loop has ended"
    assert read(server, "/healthz") == (503, "the fleet loop has ended\n")


def test_health_is_lost_and_found_and_said_once(log: io.StringIO) -> None:
    wrong: tuple[str, ...] = ()
    health = Health(lambda _now: wrong, lambda: NOW)
    assert (health.turn(), health.ailing()) == (True, "")
    wrong = ("the fleet loop has been stuck in a step for 21 minutes",)
    assert (health.turn(), health.ailing()) == (False, wrong[0])
    wrong = ("the fleet loop has been stuck in a step for 22 minutes", "the host-h1 loop has ended")
    assert (health.turn(), health.ailing()) == (False, "; ".join(wrong))
    wrong = ()
    assert (health.turn(), health.ailing()) == (True, "")
    said = [(line["level"], line["event"].partition(":")[0]) for line in _lines(log)]
    assert said == [
        ("error", "the fleet loop has been stuck in a step for 21 minutes"),
        ("error", "the host-h1 loop has ended"),
    ]


def test_a_control_loop_that_takes_no_turn_is_no_health() -> None:
    now = NOW
    health = Health(lambda _now: (), lambda: now)
    now += 91
    assert health.ailing() == "the control loop has taken no turn for 91 seconds"
    health.turn()
    assert health.ailing() == ""


def test_metrics_tell_the_snapshot(server: StatusServer) -> None:
    assert read(server, "/metrics")[0] == 200
    server.snapshot = replace(
        troubled(),
        metrics=Metrics(
            drift_found={"container-exited": 3},
            drift_repaired={"container-exited": 2},
            actions={("restart", "ok"): 2, ("restart", "failed"): 1},
            probes={("readiness", "success"): 7, ("readiness", "failure"): 1},
            probe_seconds={"readiness": 0.25},
            seconds={"plan-fleet": 0.5},
            passes={"plan-fleet": 4},
            queue_depth=1,
        ),
    )
    lines = set(read(server, "/metrics")[1].splitlines())
    assert lines >= {
        "trimtab_converged 0.0",
        "trimtab_source_sync_age_seconds 12.0",
        f'trimtab_revision_in_force_info{{revision="{"a" * 40}"}} 1.0',
        "trimtab_revision_refused 1.0",
        'trimtab_host_seen{host="edge-1"} 1.0',
        'trimtab_host_seen{host="edge-2"} 0.0',
        'trimtab_drift_found_total{rule="container-exited"} 3.0',
        'trimtab_drift_repaired_total{rule="container-exited"} 2.0',
        'trimtab_actions_total{result="failed",verb="restart"} 1.0',
        'trimtab_probes_total{probe="readiness",result="failure"} 1.0',
        'trimtab_probe_seconds_count{probe="readiness"} 8.0',
        'trimtab_probe_seconds_sum{probe="readiness"} 0.25',
        'trimtab_stage_seconds_count{stage="plan-fleet"} 4.0',
        'trimtab_stage_seconds_sum{stage="plan-fleet"} 0.5',
        'trimtab_objects{kind="Deployment",phase="Progressing"} 1.0',
        "trimtab_queue_depth 1.0",
    }


def test_metrics_tell_what_autoscalers_want(server: StatusServer) -> None:
    key = ObjectKey(kind="HorizontalPodAutoscaler", namespace="shop", name="web")
    told = ObjectStatus(key=key, phase="Ready", status=AutoscalerStatus(current_replicas=2, desired_replicas=4))
    server.snapshot = replace(troubled(), fleet=replace(troubled().fleet, statuses=(told,)))
    lines = set(read(server, "/metrics")[1].splitlines())
    assert lines >= {
        'trimtab_autoscaler_current_replicas{name="web",namespace="shop"} 2.0',
        'trimtab_autoscaler_desired_replicas{name="web",namespace="shop"} 4.0',
    }


def test_a_port_that_is_taken_is_said(server: StatusServer) -> None:
    with pytest.raises(Permanent, match=f"cannot serve metrics on 127.0.0.1:{server.port}"):
        StatusServer(MetricsSpec(address="127.0.0.1", port=server.port), lambda: NOW)
