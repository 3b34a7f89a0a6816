"""Verbs on a real repository and state directory, without any host."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from msgspec.structs import replace
from typer.testing import CliRunner, Result

from agent.cli.app import app
from agent.cli.running.approvals import approvals_left
from agent.cli.running.published import publish
from agent.hosts.ssh.trust import HostKey
from agent.journal import FileJournal, StateLock
from agent.ports import Event, Permanent, State
from agent.reconciler.reporting.snapshot import FleetState
from tests.cli.test_status_rendering import troubled

KEY = "AAAAC3NzaC1lZDI1NTE5AAAAIDbO7EQVEsa5VjrkYrUZPpxsZNYzCH0QzET46VmuYTio"
COMMIT = "0123456789abcdef" * 2 + "01234567"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository whose only commit has a problem, and a configuration that follows it."""
    work = tmp_path / "fleet"
    work.mkdir()
    git(work, "init", "--quiet", "--initial-branch=main")
    (work / "pod.yaml").write_text("apiVersion: v1\nkind: Pod\nmetadata: {name: one}\nspec: {containerss: []}\n")
    git(work, "add", "--all")
    git(work, "commit", "--quiet", "--message", "first")
    config = {
        "apiVersion": "trimtab.dev/v1alpha1",
        "kind": "Agent",
        "metadata": {"name": "prod"},
        "spec": {"source": {"url": "./fleet"}, "stateDir": "state", "metrics": {"port": 0}},
    }
    (tmp_path / "agent.yaml").write_text(json.dumps(config))
    monkeypatch.setenv("TRIMTAB_CONFIG", str(tmp_path / "agent.yaml"))
    return tmp_path


def git(work: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=Ana", "-c", "user.email=ana@example.com"]
    done = subprocess.run(["git", "-C", work, *identity, *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def trimtab(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def test_a_bad_revision_is_an_error_with_every_place(folder: Path) -> None:
    for verb in ("diff", "apply"):
        result = trimtab(verb)
        assert result.exit_code == 2, verb
        assert "pod.yaml:4:" in result.stderr
        assert "did you mean `containers`" in result.stderr
        assert "Traceback" not in result.output
    assert trimtab("diff", str(folder / "fleet")).exit_code == 2


@pytest.mark.usefixtures("folder")
def test_a_fault_while_applying_shows_no_values(monkeypatch: pytest.MonkeyPatch) -> None:
    def faulty(*_arguments: object, **_settings: object) -> None:
        password = "hunter" + "2"
        try:
            _ = 1 / (len(password) - 7)
        except ZeroDivisionError as error:
            structlog.get_logger().error("fault in a loop", exc_info=error)
        raise Permanent("that was all")

    monkeypatch.setattr("agent.cli.verbs.apply.converge_once", faulty)
    result = trimtab("apply")
    assert "that was all" in result.stderr
    assert "fault in a loop" in result.stderr
    assert "hunter2" not in result.output


@pytest.mark.parametrize(("answer", "said"), [("", "say --yes"), ("n\n", "it is another machine")])
def test_a_host_whose_key_nobody_confirms_is_not_added(
    folder: Path, monkeypatch: pytest.MonkeyPatch, answer: str, said: str
) -> None:
    monkeypatch.setattr(
        "agent.cli.verbs.host.adding.scan_host_key", lambda *_: HostKey(type="ssh-ed25519", base64="AAAA")
    )
    monkeypatch.chdir(folder)
    result = CliRunner().invoke(app, ["host", "add", "root@10.0.0.1"], input=answer)
    assert result.exit_code == 2
    assert said in result.stderr
    assert not (folder / "hosts").exists()


@pytest.mark.parametrize(
    ("key", "arguments", "said"),
    [
        (
            "CCCC",
            ["root@10.0.0.1", "--name", "b"],
            "10.0.0.1 port 22 is Host a already, declared at fleet/infra.yaml:1",
        ),
        (
            KEY,
            ["root@10.0.0.2", "--name", "b"],
            "this is the key of Host a already, declared at fleet/infra.yaml:1",
        ),
        ("CCCC", ["root@10.0.0.2", "--name", "a"], "fleet/infra.yaml:1:1 declares a Host a already"),
        ("CCCC", ["root@10.0.0.1", "--name", "b", "--port", "23"], "say --yes"),
    ],
)
def test_a_machine_that_is_in_the_source_already_is_not_added_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch, key: str, arguments: list[str], said: str
) -> None:
    monkeypatch.setattr("agent.cli.verbs.host.adding.scan_host_key", lambda *_: HostKey(type="ssh-ed25519", base64=key))
    monkeypatch.chdir(folder)
    source = folder / "fleet"
    (source / "hosts").mkdir()
    (source / "infra.yaml").write_text(
        "apiVersion: trimtab.dev/v1alpha1\nkind: Host\nmetadata: {name: a}\n"
        f"spec: {{ssh: {{address: 10.0.0.1, hostKey: ssh-ed25519 {KEY}}}}}\n"
    )
    (source / "broken.yaml").write_text("kind: Host\n[")
    result = trimtab("host", "add", *arguments, "--dir", "fleet")
    assert result.exit_code == 2
    assert said in result.stderr
    assert not any((source / "hosts").iterdir())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["diff", "fleet", "--revision", "main"], "give PATH or --revision, not both"),
        (["diff", "/nonexistent"], "/nonexistent"),
        (["diff", "--revision", "no-such-branch"], "no-such-branch"),
        (["apply", "--timeout", "soon"], "'soon' is not a duration"),
        (["get", "pots"], "the kinds are pods, deployments, replicasets"),
        (["get", "svc"], "kind Service is not supported yet"),
        (["get", "events"], "`trimtab events` lists them"),
        (["get", "ingresses"], "kind Ingress is not supported yet"),
        (["get", "deploy/web", "web"], "names an object already"),
        (["approve", "abcd"], "no revision is held back"),
        (["host", "add", "-oProxyCommand=x"], "No such option"),
        (["host", "add", "a b@c"], "is not USER@ADDRESS"),
        (["host", "add", "root@10.0.0.1", "--name", "../x"], "cannot name a host"),
    ],
)
def test_a_mistake_is_told_and_exit_code_2(folder: Path, arguments: list[str], said: str) -> None:
    result = trimtab(*arguments)
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.split())
    assert not (folder / "hosts").exists()


@pytest.mark.parametrize(
    "arguments",
    [["get", "pods"], ["get", "hosts"], ["describe", "pod", "one"], ["logs", "one"], ["exec", "one", "--", "ls"]],
)
@pytest.mark.usefixtures("folder")
def test_what_cannot_be_known_is_not_told_as_nothing(arguments: list[str]) -> None:
    """No agent runs, and the revision that would say what to look for has a problem."""
    result = trimtab(*arguments)
    assert result.exit_code == 2
    assert "did you mean `containers`" in result.stderr
    assert trimtab("status").exit_code == 0


def test_an_agent_that_has_just_started_does_not_know_of_nothing(folder: Path) -> None:
    """It has published, and not planned: what runs is looked for, here in a revision that has a problem."""
    with StateLock(folder / "state", "prod"):
        publish(folder / "state", replace(troubled(), fleet=FleetState()))
        result = trimtab("get", "pods")
    assert result.exit_code == 2
    assert "did you mean `containers`" in result.stderr


def test_a_wrong_configuration_is_told_with_its_line(folder: Path) -> None:
    path = folder / "agent.yaml"
    path.write_text(path.read_text().replace("stateDir", "statDir"))
    result = trimtab("status")
    assert result.exit_code == 2
    assert f"{path}:1:" in result.stderr
    assert "did you mean `stateDir`" in result.stderr


def test_a_running_agent_keeps_others_out_by_name(folder: Path) -> None:
    with StateLock(folder / "state", "prod"):
        result = trimtab("apply")
    assert result.exit_code == 2
    assert f"held by agent prod (pid {os.getpid()}" in result.stderr


def test_status_tells_what_the_running_agent_knows(folder: Path) -> None:
    with StateLock(folder / "state", "prod"):
        publish(folder / "state", troubled())
        result = trimtab("status", "-o", "json")
        assert trimtab("get", "pods").stdout.startswith("NAME ")
    status = json.loads(result.stdout)
    assert status["agent"]["running"] is True
    assert [host["name"] for host in status["hosts"]] == ["edge-1", "edge-2"]


def test_events_say_when_in_the_time_of_their_messages_and_which_revision(folder: Path) -> None:
    revision = Event(at=1_800_000_000.0, type="Normal", reason="RevisionApplied", message="one more", revision=COMMIT)
    FileJournal(folder / "state").record(revision)
    assert trimtab("events").stdout == "2027-01-15 08:00:00Z  RevisionApplied   0123456789ab: one more\n"


def test_status_does_not_believe_an_agent_that_is_gone(folder: Path) -> None:
    (folder / "state").mkdir()
    publish(folder / "state", troubled())
    status = json.loads(trimtab("status", "-o", "json").stdout)
    assert status["agent"]["running"] is False
    assert status["hosts"] == []
    assert "pod.yaml:4:" in status["source"]["error"]


def test_approving_without_an_agent_changes_the_saved_state(folder: Path) -> None:
    journal = FileJournal(folder / "state")
    journal.save(State(held=COMMIT, held_why="would remove every pod"))
    refused = trimtab("approve", "ffff")
    assert refused.exit_code == 2
    assert "trimtab approve 0123456789ab" in refused.stderr
    assert trimtab("approve", COMMIT[:7]).exit_code == 0
    assert FileJournal(folder / "state").load().approved == (COMMIT,)


def test_approving_with_an_agent_leaves_it_word(folder: Path) -> None:
    held = troubled()
    with StateLock(folder / "state", "prod"):
        publish(folder / "state", replace(held, fleet=replace(held.fleet, held=COMMIT)))
        assert trimtab("approve", COMMIT[:7]).exit_code == 0
    [(revision, drop)] = approvals_left(folder / "state")
    assert revision == COMMIT
    drop()
    assert list(approvals_left(folder / "state")) == []


def test_events_are_told_oldest_first(folder: Path) -> None:
    assert trimtab("events").stdout == ""
    journal = FileJournal(folder / "state")
    for number in range(60):
        message = f"event {number}\x1b[2J"
        journal.record(Event(at=1.8e9 + number, type="Normal", reason="Created", message=message, host="edge-1"))
    lines = trimtab("events").stdout.splitlines()
    assert len(lines) == 50
    assert lines[-1].endswith("Created           edge-1: event 59\\x1b[2J")
    assert len(json.loads(trimtab("events", "-o", "json").stdout)) == 60
    assert len(trimtab("events", "--tail", "3").stdout.splitlines()) == 3


def test_init_writes_a_source_that_only_lacks_its_hosts(tmp_path: Path) -> None:
    made = tmp_path / "new"
    first = trimtab("init", str(made))
    assert first.exit_code == 0
    assert {path.name for path in made.iterdir()} == {"README.md", ".trimtabignore", "agent.yaml", "hosts", "apps"}
    (made / "hosts" / "h.yaml").write_text(
        "apiVersion: trimtab.dev/v1alpha1\nkind: Host\nmetadata: {name: h}\nspec: {ssh: {address: 10.0.0.1}}\n"
    )
    checked = trimtab("validate", str(made))
    assert checked.exit_code == 0, checked.output
    again = trimtab("init", str(made))
    assert again.exit_code == 2
    assert "overwrites nothing" in again.stderr


def test_the_first_configuration_is_right(tmp_path: Path) -> None:
    trimtab("init", str(tmp_path))
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    git(tmp_path, "add", "--all")
    git(tmp_path, "commit", "--quiet", "--message", "first")
    result = trimtab("diff", "--config", str(tmp_path / "agent.yaml"))
    assert result.exit_code == 2
    assert "Host" in result.stderr, "the configuration is read, the only thing that lacks is a host"


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.settimeout(30)
        yield listening


def _await(systemd: socket.socket, field: str) -> None:
    while field not in systemd.recv(4096).decode():
        pass


def test_the_agent_keeps_to_systemds_protocol(folder: Path, systemd: socket.socket) -> None:
    agent = subprocess.Popen(
        [sys.executable, "-m", "agent", "agent"],
        env={**os.environ, "NOTIFY_SOCKET": str(folder / "notify"), "WATCHDOG_USEC": "200000"},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        _await(systemd, "READY=1")
        _await(systemd, " refused")
        _await(systemd, "WATCHDOG=1")
        agent.send_signal(signal.SIGHUP)
        _await(systemd, "RELOADING=1")
        _await(systemd, "READY=1")
        path = folder / "agent.yaml"
        right = path.read_text()
        path.write_text(right.replace("stateDir", "statDir"))
        _await(systemd, "RELOADING=1")
        _await(systemd, "READY=1")
        path.write_text(right.replace('"port": 0', '"port": 0, "address": "127.0.0.2"'))
        _await(systemd, "RELOADING=1")
        _await(systemd, "READY=1")
        agent.send_signal(signal.SIGTERM)
        _await(systemd, "STOPPING=1")
        _, said = agent.communicate(timeout=30)
    finally:
        agent.kill()
        agent.wait()
    assert agent.returncode == 0
    assert "Traceback" not in said
    events = [json.loads(line)["event"] for line in said.splitlines()]
    assert any("declares no Host" in event for event in events), "the refused revision is logged"
    assert any("the one that runs stays" in event for event in events)
    assert any("starting again" in event for event in events)
