"""``trimtab simulate``: without root, hosts or a configuration."""

import json
from pathlib import Path

import jsonschema_rs
import pytest
from typer.testing import CliRunner

from agent.cli.app import app
from agent.cli.look import supposing
from agent.cli.look.supposing import events_of
from agent.ports import Permanent
from tests.cli.scenario import APPS, HOSTS, given, running

WEB = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 4
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: registry.example/web:1, resources: {requests: {cpu: "1"}}}]}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web}
spec: {minAvailable: 3, selector: {matchLabels: {app: web}}}
"""
SCHEMA = Path(__file__).parents[2] / "schemas" / "simulation.v1.json"
EXAMPLES = Path(__file__).parents[2] / "examples-repo"


@pytest.fixture
def folder(tmp_path: Path) -> str:
    (tmp_path / "web.yaml").write_text(WEB)
    return str(tmp_path)


def run(*args: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["simulate", *args])
    return result.exit_code, result.output


def test_a_fleet_that_survives_a_host_is_exit_code_0(folder: str) -> None:
    code, text = run(folder, "--hosts", "4", "--fail", "host-1", "--at", "5m")
    assert code == 0, text
    assert "5:00  ! host-1 fails" in text
    assert "4 CPUs, 8Gi" in text, "what was assumed is said"
    assert text.strip().endswith("Simulated 30m: 2 promises of availability kept")


def test_the_example_survives_a_host() -> None:
    code, text = run(str(EXAMPLES), "--fail", "edge-1", "--at", "5m")
    assert code == 0, text
    assert "5:00  ! edge-1 fails" in text


def test_a_broken_promise_is_exit_code_1_and_is_named(folder: str) -> None:
    code, text = run(folder, "--hosts", "2", "--fail", "host-1", "--at", "5m")
    assert code == 1
    row = next(line for line in text.splitlines() if line.startswith("poddisruptionbudget/web"))
    assert row.endswith("broken: fewer were ready")


def test_json_is_as_its_schema_says(folder: str) -> None:
    code, text = run(folder, "--hosts", "2", "--fail", "host-1", "--return", "host-1", "--at", "10m", "-o", "json")
    answer = json.loads(text)
    jsonschema_rs.validate(json.loads(SCHEMA.read_text()), answer)
    assert (code, answer["kept"]) == (1, False)
    events = [(one["at"], one["message"]) for one in answer["timeline"] if one["what"] == "event"]
    assert events == [(60, "host-1 fails"), (600, "host-1 is back")], "without --at an event happens after a minute"


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--hosts", "2", "--fail", "edge-9"], "its hosts are: host-1, host-2"),
        (["--hosts", "2", "--fail", "host-1", "--at", "soon"], "write 90s, 5m or 1h30m"),
        (["--hosts", "2", "--at", "5m"], "write it behind the event"),
        (["--hosts", "2", "--live"], "give one of the two"),
        (["--hosts", "2", "--change", "no-such-branch"], "name a folder"),
        (["--revision", "main"], "give PATH or --revision, not both"),
        ([], "declares no Host"),
    ],
)
def test_a_mistake_is_exit_code_2_and_says_what_to_do(folder: str, args: list[str], words: str) -> None:
    code, text = run(folder, *args)
    assert code == 2
    assert words in text


def test_times_are_about_the_event_before_them() -> None:
    events = events_of(["x", "--fail", "a", "--at=5m", "--hosts", "3", "--drain=b", "--return", "a", "--at", "9m"])
    assert events == [("--fail", "a", "5m"), ("--drain", "b", ""), ("--return", "a", "9m")]
    with pytest.raises(Permanent, match="about nothing"):
        events_of(["--fail", "a", "--at", "5m", "--at", "6m"])


def test_a_fleet_that_is_there_is_looked_at_and_goes_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked = tmp_path / "fleet"
    asked.mkdir()
    (asked / "apps.yaml").write_text(APPS)
    (asked / "hosts.yaml").write_text(
        "---\n".join(
            f"apiVersion: trimtab.dev/v1alpha1\nkind: Host\nmetadata: {{name: {name}}}\n"
            f"spec: {{ssh: {{address: {name}.test}}}}\n"
            for name in HOSTS
        )
    )
    config = tmp_path / "agent.yaml"
    config.write_text(
        "apiVersion: trimtab.dev/v1alpha1\nkind: Agent\nmetadata: {name: test}\n"
        f"spec: {{source: {{url: {tmp_path}/none}}, stateDir: {tmp_path}/state}}\n"
    )
    monkeypatch.setattr(supposing, "look_at", lambda _config, fleet: given(fleet, running()))
    code, text = run(str(asked), "--live", "--config", str(config), "--fail", "edge-2", "--at", "2m")
    assert code == 0, text
    assert "2 hosts, as they are now." in text
    assert "created" not in text.partition("edge-2 fails")[0], "what runs is not made again"
