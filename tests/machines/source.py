"""A source that holds one machine over SSH, and the `trimtab` command as a user runs it."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.machines import Machine

TRIMTAB = str(Path(sys.executable).with_name("trimtab"))


def eventually(look: Callable[[], bool], what: str, within: float = 300) -> None:
    """Look until it is so; an emulated machine takes its time."""
    end = time.monotonic() + within
    while not look():
        assert time.monotonic() < end, f"not within {within:g} s: {what}"
        time.sleep(1)


@dataclass
class Source:
    """A git repository with one Host, an agent.yaml beside it, and the machine that they are about."""

    machine: Machine
    folder: Path

    def __post_init__(self) -> None:
        self.work = self.folder / "fleet"
        self.config = self.folder / "agent.yaml"
        self.git("init", "--quiet", "--initial-branch=main", str(self.work))
        address = {"address": "127.0.0.1", "port": self.machine.port, "hostKey": self.machine.image.host_key}
        self.write("host.yaml", "trimtab.dev/v1alpha1", "Host", self.machine.release, {"ssh": address})
        spec = {
            "source": {"url": str(self.work), "ref": {"branch": "main"}},
            # An emulated machine takes its time for a login.
            "ssh": {"user": "root", "identityFile": str(self.machine.image.identity), "connectTimeout": "60s"},
            "stateDir": str(self.folder / "state"),
            "metrics": {"port": 0},
            "prune": {"maxFraction": 1},
        }
        self.config.write_text(json.dumps(_object("trimtab.dev/v1alpha1", "Agent", "machines", spec)))
        self.commit()

    def write(self, path: str, api: str, kind: str, name: str, spec: object) -> None:
        (self.work / path).write_text(json.dumps(_object(api, kind, name, spec)))

    def pods(self, **specs: dict[str, object]) -> None:
        """Let there be exactly these pods, and converge."""
        self.commit(**specs)
        self.trimtab("apply", "--timeout", "10m")

    def commit(self, **specs: dict[str, object]) -> None:
        """Let there be exactly these pods in git."""
        for path in self.work.glob("*.pod.yaml"):
            path.unlink()
        for name, spec in specs.items():
            self.write(f"{name}.pod.yaml", "v1", "Pod", name, spec)
        self.git("-C", str(self.work), "add", "--all")
        self.git("-C", str(self.work), "commit", "--quiet", "--allow-empty", "--message", "pods")

    def git(self, *arguments: str) -> str:
        identity = ["-c", "user.name=Ana Test", "-c", "user.email=ana@example.com"]
        done = subprocess.run(["git", *identity, *arguments], check=True, capture_output=True, text=True, timeout=60)
        return done.stdout

    def trimtab(self, *arguments: str, check: int | None = 0) -> str:
        """Run `trimtab ARGUMENTS`, require its exit code (None: any) and return what it printed."""
        done = subprocess.run(
            [TRIMTAB, *arguments],
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
            env={
                "PATH": "/usr/bin:/bin",
                "HOME": str(self.folder),
                "TRIMTAB_CONFIG": str(self.config),
                "NO_COLOR": "1",
                "COLUMNS": "200",
            },
        )
        assert "Traceback" not in done.stderr, done.stderr
        if check is not None:
            assert done.returncode == check, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def json(self, *arguments: str) -> Any:  # noqa: ANN401 - any JSON
        return json.loads(self.trimtab(*arguments, "-o", "json"))

    def inside(self, pod: str, *command: str) -> str:
        """Run a command in a pod's only container."""
        return self.trimtab("exec", pod, "--", *command).strip()

    def let_go(self) -> None:
        """Take everything off the machine, so that the next source may hold it."""
        self.commit()
        revision = self.git("-C", str(self.work), "rev-parse", "HEAD").strip()

        def gone() -> bool:
            self.trimtab("apply", "--timeout", "10m", check=None)  # the removal of every pod is held …
            self.trimtab("approve", revision, check=None)  # … until somebody says that it is meant
            return self.machine.run("ctr -n k8s.io containers ls -q", check=True).stdout == ""

        eventually(gone, "the machine runs nothing")
        self.machine.run("rm -f /var/lib/trimtab/owner.json", check=True)


def _object(api: str, kind: str, name: str, spec: object) -> dict[str, object]:
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name}, "spec": spec}
