"""`make demo`: trimtab's main job as a story, on three real hosts. Exit 0 only if each step really happened."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML

from lab.errors import LabError
from lab.fleet import Lab

EXAMPLES = Path(__file__).parents[1] / "examples-repo"
TRIMTAB = Path(sys.executable).with_name("trimtab")
WAIT = 90.0


class StepFailedError(Exception):
    """A step of the story did not happen."""


@dataclass(frozen=True)
class Stage:
    """Where the story plays: the lab, a working folder, and the bare repository that the agent watches."""

    lab: Lab
    folder: Path

    @property
    def work(self) -> Path:
        """What an operator edits."""
        return self.folder / "fleet"

    def git(self, *arguments: str) -> str:
        """Run git in the working folder."""
        identity = ["-c", "user.name=Ana", "-c", "user.email=ana@example.com"]
        return _run(["git", "-C", str(self.work), *identity, *arguments])

    def push(self, message: str) -> str:
        """Commit everything, push, and return the commit."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)
        self.git("push", "--quiet", "origin", "HEAD:main")
        return self.git("rev-parse", "--short=7", "HEAD").strip()

    def trimtab(self, *arguments: str, expect: int = 0) -> str:
        """Run trimtab as an operator would, show what it prints, and require its exit code."""
        print(f"\n  $ trimtab {' '.join(arguments)}", flush=True)
        done = subprocess.run([TRIMTAB, *arguments], env=self.environment, capture_output=True, text=True, check=False)
        print("".join(f"  {line}\n" for line in (done.stdout + done.stderr).splitlines()), end="", flush=True)
        if done.returncode != expect or "Traceback" in done.stderr:
            raise StepFailedError(f"trimtab {' '.join(arguments)} ended with {done.returncode}, not {expect}")
        return done.stdout

    @property
    def environment(self) -> dict[str, str]:
        """The environment of every trimtab command."""
        return {**os.environ, "TRIMTAB_CONFIG": str(self.folder / "agent.yaml")}

    def running(self, pod: str) -> list[tuple[str, str]]:
        """Host and container id of each running container whose pod's name starts so, from containerd itself."""
        found = []
        for host in self.lab.hosts:
            tasks = host.run("ctr -n k8s.io tasks ls | awk '$3 == \"RUNNING\" {print $1}'").stdout.split()
            listing = host.run(f"ctr -n k8s.io containers ls -q 'labels.\"io.kubernetes.pod.name\"~=^{pod}'").stdout
            kinds = host.run("ctr -n k8s.io containers ls -q 'labels.\"io.cri-containerd.kind\"==container'").stdout
            found += [(host.name, each) for each in listing.split() if each in tasks and each in kinds.split()]
        return found


def main() -> int:
    """Play the story and return an exit code."""
    started = time.monotonic()
    try:
        _say("Three real hosts start: each its own network, sshd and containerd")
        with Lab.up(hosts=3, name="demo", replace_running=True) as lab, _folder() as folder:
            _play(Stage(lab, folder))
            _say("Cleaning up")
    except (StepFailedError, LabError) as error:
        print(f"\ndemo failed: {error}", file=sys.stderr)
        return 1
    print(f"\nEvery step happened, in {time.monotonic() - started:.0f} s.")
    return 0


def _play(stage: Stage) -> None:
    _prepare(stage)
    _say("What would happen? Nothing is touched; exit code 1 says that there are differences")
    stage.trimtab("diff", expect=1)
    _say("The agent starts")
    with _agent(stage):
        _expect("12 pods run", lambda: len(stage.running("")) == 12)
        _settled(stage)
        stage.trimtab("status")
        _change(stage)
        _break_by_hand(stage)
        _refuse(stage)
        _say("And what would happen now? Nothing: exit code 0")
        bad = "apps/web/deployment.yaml"
        stage.git("revert", "--no-edit", "HEAD")
        print(f"  (the mistake in {bad} is reverted and pushed)")
        stage.git("push", "--quiet", "origin", "HEAD:main")
        stage.trimtab("diff")


def _prepare(stage: Stage) -> None:
    bare = stage.folder / "fleet.git"
    _run(["git", "init", "--quiet", "--bare", "--initial-branch=main", str(bare)])
    _run(["git", "clone", "--quiet", str(bare), str(stage.work)])
    shutil.copytree(EXAMPLES, stage.work, dirs_exist_ok=True)
    yaml = YAML()
    for host, path in zip(stage.lab.hosts, sorted((stage.work / "hosts").glob("*.yaml")), strict=True):
        document = yaml.load(path)
        document["spec"]["ssh"] |= {"address": host.address, "port": host.port, "hostKey": host.host_key}
        yaml.dump(document, path)
    stage.lab.agent_config(stage.folder, str(bare), name="demo")
    commit = stage.push("A first fleet")
    print(f"  examples-repo is pushed to a bare repository: commit {commit}")


def _change(stage: Stage) -> None:
    _say("A change is pushed: one more guestbook, and a new front page")
    before = {each for _, each in stage.running("web-")}
    _edit(stage.work / "apps/guestbook/deployment.yaml", "replicas: 3", "replicas: 4")
    _edit(stage.work / "apps/web/config.yaml", "Open all day", "Open all night")
    commit = stage.push("Open all night, and one more guestbook")
    print(f"  commit {commit} is pushed")
    _expect("4 guestbooks run", lambda: len(stage.running("guestbook-")) == 4)
    _expect("every web pod serves the new page", lambda: _pages(stage) == ["<h1>Open all night</h1>"] * 2)
    if {each for _, each in stage.running("web-")} != before:
        raise StepFailedError("the ConfigMap should have reached its pods without a restart")
    print("  and no container was restarted for it")
    _settled(stage)


def _pages(stage: Stage) -> list[str]:
    """Ask the host port of each web pod over HTTP, from its host, and return the answers."""
    pages = []
    for name, _ in stage.running("web-"):
        host = stage.lab.host(name)
        pages.append(host.run(f"busybox wget -qO- http://{host.address}:8080/", timeout=10).stdout.strip())
    return pages


def _break_by_hand(stage: Stage) -> None:
    _say("Somebody kills a container by hand")
    host, container = stage.running("toolbox")[0]
    stage.lab.host(host).run(f"ctr -n k8s.io tasks kill -s SIGKILL {container}", check=True)
    print(f"  container {container[:12]} on edge-{stage.lab.host(host).index} is killed")

    def healed() -> bool:
        now = stage.running("toolbox")
        return len(now) == 1 and now[0][1] != container

    _expect("it runs again", healed)
    stage.trimtab("events", "--tail", "3")


def _refuse(stage: Stage) -> None:
    _say("A commit with a mistake is pushed, and refused whole: nothing changes on any host")
    before = stage.running("")
    _edit(stage.work / "apps/web/deployment.yaml", "image:", "imagee:")
    commit = stage.push("Oops")
    print(f"  commit {commit} is pushed")
    _expect("it is refused", lambda: "did you mean `image`" in _quiet(stage, "status"))
    said = stage.trimtab("status")
    if "apps/web/deployment.yaml:20:11" not in said or commit not in said:
        raise StepFailedError("the refusal should name the commit and the line")
    if stage.running("") != before:
        raise StepFailedError("a refused commit must not change anything")


def _settled(stage: Stage) -> None:
    """Everything is as the newest commit says: status says so itself."""
    head = stage.git("rev-parse", "--short=7", "HEAD").strip()
    _expect("the fleet has converged", lambda: _converged(_quiet(stage, "status"), head))


def _converged(status: str, commit: str) -> bool:
    return commit in status and not any(word in status for word in ("Progressing", "Waiting", "Failed"))


def _quiet(stage: Stage, *arguments: str) -> str:
    return subprocess.run(
        [TRIMTAB, *arguments], env=stage.environment, capture_output=True, text=True, check=False
    ).stdout


@contextmanager
def _agent(stage: Stage) -> Iterator[None]:
    log = stage.folder / "agent.log"
    print("\n  $ trimtab agent &", flush=True)
    with log.open("w") as output:
        process = subprocess.Popen([TRIMTAB, "agent"], env=stage.environment, stdout=output, stderr=output)
    try:
        yield
    except StepFailedError:
        print("".join(f"  agent: {line}\n" for line in log.read_text().splitlines()[-20:]), file=sys.stderr)
        raise
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=20)
        process.kill()
        process.wait()


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="trimtab-demo-") as name:
        yield Path(name)


def _edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    if old not in text:
        raise StepFailedError(f"{path} does not say {old!r}")
    path.write_text(text.replace(old, new, 1))


def _expect(what: str, happened: Callable[[], bool]) -> None:
    started = time.monotonic()
    while not happened():
        if time.monotonic() - started > WAIT:
            raise StepFailedError(f"{what}: not within {WAIT:.0f} s")
        time.sleep(0.1)
    print(f"  ✓ {what} ({time.monotonic() - started:.1f} s)", flush=True)


def _run(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise StepFailedError(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout


def _say(heading: str) -> None:
    print(f"\n── {heading}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
