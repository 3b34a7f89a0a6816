"""A fleet under test: a bare repository to push to, real hosts, and the `trimtab` command as a user runs it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from lab import Lab, LabError
from lab.host import LabHost
from tests.e2e import containerd
from tests.e2e.warm import WarmCommand

DEADLINE = 60.0
NO_PRESSURE = dict.fromkeys(
    ("memory.available", "nodefs.available", "nodefs.inodesFree", "imagefs.available", "imagefs.inodesFree"), 0
)
"""The hosts share this machine's memory and disk, which may be short for reasons of its own."""
TRIMTAB = str(Path(sys.executable).with_name("trimtab"))
STARTED_WARM = {"apply", "diff", "events", "exec", "get", "logs", "status"}
"""Verbs that tests of other things come by, often; test_first_day.py and test_pod_daily.py start each as installed."""
Result = TypeVar("Result")


def common_environment() -> dict[str, str]:
    """What the environments of all verbs have in common."""
    return {key: value for key, value in os.environ.items() if key in {"PATH", "LANG", "TMPDIR"}} | {"NO_COLOR": "1"}


def eventually(look: Callable[[], Result], *, within: float = DEADLINE, every: float = 0.05, what: str = "") -> Result:
    """Look until something true is seen; a falsy value, an AssertionError or a host that cannot do it means not yet."""
    end = time.monotonic() + within
    while True:
        try:
            seen = look()
            if seen:
                return seen
            why = f"last seen: {seen!r}"
        except (AssertionError, LabError) as error:
            why = str(error)
        if time.monotonic() > end:
            raise AssertionError(f"{what or 'it'} did not come true in {within:g} s; {why}")
        time.sleep(every)


@dataclass
class Fleet:
    """One source, one state directory, and the lab's hosts."""

    lab: Lab
    folder: Path
    name: str = "e2e"
    environment: dict[str, str] = field(default_factory=dict)
    warm: WarmCommand | None = None

    def __post_init__(self) -> None:
        self.bare = self.folder / "fleet.git"
        self.work = self.folder / "work"
        self.state = self.folder / "state"
        _git(self.folder, "init", "--quiet", "--bare", "--initial-branch=main", str(self.bare))
        _git(self.folder, "clone", "--quiet", str(self.bare), str(self.work))
        (self.work / "hosts").mkdir()
        self.lab.write_hosts(self.work / "hosts")
        self.config = self.configure()

    def configure(self, **spec: Any) -> Path:  # noqa: ANN401 - any value of the configuration
        """Write agent.yaml; keyword arguments replace parts of its spec, and add to `cleanup` and `ssh`."""
        path = self.folder / "agent.yaml"
        cleanup, ssh = spec.pop("cleanup", {}), spec.pop("ssh", {})
        written = {
            "apiVersion": "trimtab.dev/v1alpha1",
            "kind": "Agent",
            "metadata": {"name": self.name},
            "spec": {
                "source": {"url": str(self.bare), "ref": {"branch": "main"}},
                "ssh": {"user": self.lab.user, "identityFile": str(self.lab.identity_file), **ssh},
                "stateDir": str(self.state),
                "metrics": {"port": 0},
                "cleanup": {"evictionHard": NO_PRESSURE, **cleanup},
                **spec,
            },
        }
        path.write_text(json.dumps(written))  # JSON is YAML
        return path

    # The source

    def write(self, path: str, text: str) -> None:
        """Put a file into the working folder; `registry/` in it means the lab's registry."""
        target = self.work / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text.replace("registry/", f"{self.lab.registry}/"))

    def taint(self, host: str, *taints: str) -> None:
        """Write a host's taints into the working folder, in place of those that it had; `taints` are YAML."""
        path = f"hosts/{host}.yaml"
        before = (self.work / path).read_text().partition("  taints:")[0]
        self.write(path, before + (f"  taints: [{', '.join(taints)}]\n" if taints else ""))

    def remove(self, path: str) -> None:
        (self.work / path).unlink()

    def push(self, message: str = "change", **files: str) -> str:
        """Commit all that is in the working folder, push it, and return the commit."""
        for path, text in files.items():
            self.write(path, text)
        _git(self.work, "add", "--all")
        _git(self.work, "commit", "--quiet", "--message", message)
        _git(self.work, "push", "--quiet", "origin", "HEAD:main")
        return _git(self.work, "rev-parse", "HEAD").strip()

    def git(self, *arguments: str) -> str:
        return _git(self.work, *arguments)

    # The command

    def trimtab(self, *arguments: str, check: int | None = 0, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run `trimtab ARGUMENTS` and require its exit code (None: any)."""
        done = self._run(arguments, stdin)
        assert "Traceback" not in done.stderr, done.stderr
        if check is not None:
            assert done.returncode == check, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def json(self, *arguments: str, check: int | None = 0) -> Any:  # noqa: ANN401 - any JSON
        done = self.trimtab(*arguments, "-o", "json", check=check)
        assert done.stdout, done.stderr
        return json.loads(done.stdout)

    def apply(self, *arguments: str, check: int | None = 0) -> subprocess.CompletedProcess[str]:
        return self.trimtab("apply", *arguments, check=check)

    def assert_in_sync(self) -> None:
        """The plan after convergence is empty."""
        done = self.trimtab("diff", check=None)
        assert done.returncode == 0, f"the plan is not empty:\n{done.stdout}\n{done.stderr}"

    def settle(self) -> None:
        """Wait until the running agent itself says that everything is as the newest commit asks."""
        head = self.git("rev-parse", "origin/main").strip()

        def settled() -> bool:
            status = self.json("status", check=None)
            return bool(status["converged"] and status["source"]["inForce"]["revision"] == head)

        eventually(settled, every=0.2)

    def _run(self, arguments: tuple[str, ...], stdin: str) -> subprocess.CompletedProcess[str]:
        if self.warm and arguments[0] in STARTED_WARM:
            return self.warm.run(arguments, env=self._environment(), cwd=self.folder, stdin=stdin)
        return subprocess.run(
            [TRIMTAB, *arguments],
            env=self._environment(),
            cwd=self.folder,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def _environment(self) -> dict[str, str]:
        own = {"HOME": str(self.folder), "TRIMTAB_CONFIG": str(self.config)}
        return {**common_environment(), **own, **self.environment}

    @contextmanager
    def agent(self) -> Iterator["AgentProcess"]:
        """Run `trimtab agent` until the block ends."""
        process = self.start_agent()
        try:
            yield process
        finally:
            process.stop()

    def start_agent(self) -> "AgentProcess":
        log = self.folder / "agent.log"
        with log.open("ab") as output:
            process = subprocess.Popen(
                [TRIMTAB, "agent"],
                env=self._environment(),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        return AgentProcess(process, log)

    # The hosts

    def host(self, name: str) -> LabHost:
        return self.lab.host(name)

    def running(self, namespace: str = "") -> list[containerd.Running]:
        """Every container that really runs, on all hosts that are on, sorted by pod."""
        found = [container for host in self.lab.hosts for container in containerd.running(host)]
        return sorted((c for c in found if c.pod.startswith(namespace)), key=lambda c: (c.pod, c.name))

    def pods(self) -> list[str]:
        """Every pod with a running container; a pod that runs twice is listed twice."""
        return [container.pod for container in self.running()]

    def one(self, pod: str) -> containerd.Running:
        """The one running container of the one pod whose name starts so."""
        found = [container for container in self.running() if container.pod.startswith(pod)]
        assert len(found) == 1, f"{pod}: {found}"
        return found[0]

    def host_of(self, container: containerd.Running) -> LabHost:
        return self.lab.host(container.host)


@dataclass
class AgentProcess:
    """A running `trimtab agent`."""

    process: "subprocess.Popen[bytes]"
    log: Path
    killed: bool = False

    @property
    def pid(self) -> int:
        return self.process.pid

    def kill(self) -> None:
        """kill -9, at this very instant."""
        self.killed = True
        self.process.kill()
        self.process.wait(timeout=30)

    def hang_up(self) -> None:
        self.process.send_signal(signal.SIGHUP)

    def stop(self) -> None:
        """Stop as systemd does, and require that it ran until then, and ends by itself without a traceback."""
        crashed = self.process.poll() is not None and not self.killed and self.process.returncode < 0
        assert not crashed, f"the agent died of signal {-self.process.returncode}: {self.said()}"
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(timeout=30)
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait(timeout=10)
        assert "Traceback" not in self.said(), self.said()

    def said(self) -> str:
        return self.log.read_text()


def _git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=Ana Test", "-c", "user.email=ana@example.com", "-c", "init.defaultBranch=main"]
    done = subprocess.run(
        ["git", "-C", str(folder), *identity, *arguments], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, f"git {' '.join(arguments)}: {done.stderr}"
    return done.stdout
