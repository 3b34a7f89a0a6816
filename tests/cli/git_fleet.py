"""A fleet in a bare repository, and the command line as a user runs it on that."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from agent.cli.app import app
from tests.source.repo import commit, git, new_repository

HOSTS = """\
apiVersion: trimtab.dev/v1alpha1
kind: Host
metadata: {name: edge-1}
spec:
  ssh: {address: 10.0.0.1}  # behind the door
---
apiVersion: trimtab.dev/v1alpha1
kind: Host
metadata: {name: edge-2}
spec:
  ssh: {address: 10.0.0.2}
"""
WEB = """\
# The shop.
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 2   # for now
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
        - name: web
          image: "nginx:1.28"
        - {name: side, image: side:1}
---
apiVersion: v1
kind: Secret
metadata: {name: s}
stringData:
  password: hunter2
"""


def new_fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A bare repository, followed by a configuration, with a working clone beside it."""
    for name, value in {"NAME": "Ana", "EMAIL": "ana@example.com"}.items():
        monkeypatch.setenv(f"GIT_AUTHOR_{name}", value)
        monkeypatch.setenv(f"GIT_COMMITTER_{name}", value)
    bare = new_repository(tmp_path / "fleet.git", bare=True)
    work = new_repository(tmp_path / "work")
    git(work, "remote", "add", "origin", str(bare))
    config = {
        "apiVersion": "trimtab.dev/v1alpha1",
        "kind": "Agent",
        "metadata": {"name": "prod"},
        "spec": {"source": {"url": "./fleet.git"}, "stateDir": "state", "ssh": {"connectTimeout": "1s"}},
    }
    (tmp_path / "agent.yaml").write_text(json.dumps(config))
    monkeypatch.setenv("TRIMTAB_CONFIG", str(tmp_path / "agent.yaml"))
    monkeypatch.chdir(tmp_path)
    push(bare, {"hosts.yaml": HOSTS, "apps/web.yaml": WEB}, "First")
    return bare


def push(bare: Path, files: dict[str, str | bytes], subject: str = "change", *, at: int = 1_700_000_000) -> str:
    work = bare.parent / "work"
    if git(bare, "branch", "--list", "main"):
        git(work, "pull", "--quiet", "origin", "main")
    id_ = commit(work, files, subject, at=at)
    git(work, "push", "--quiet", "origin", "main")
    return id_


def trimtab(*arguments: str, code: int = 0) -> Result:
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result
