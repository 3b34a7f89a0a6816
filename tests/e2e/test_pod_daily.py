"""The verbs of daily use, on real hosts: exec, logs, cp, port-forward, top, describe, with and without an agent."""

import fcntl
import hashlib
import http.client
import os
import pty
import re
import select
import signal
import struct
import subprocess
import tarfile
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BytesIO
from pathlib import Path

import pytest

from agent.hosts.proto import runtime_v1_pb2 as cri
from tests.e2e import containerd
from tests.e2e.fleet import TRIMTAB, Fleet, eventually
from tests.e2e.manifests import container, deployment, pod, secret

pytestmark = pytest.mark.lab

TALK = ["sh", "-c", "i=0; while :; do echo line $i; echo problem $i >&2; i=$((i+1)); sleep 0.2; done"]
SERVE = ["sh", "-c", "mkdir /www; echo inside >/www/index.html; exec httpd -f -p 127.0.0.1:8080 -h /www"]


@pytest.fixture
def settled(fleet: Fleet) -> Fleet:
    fleet.push(
        "first",
        **{
            "one.yaml": pod("one"),
            "two.yaml": pod("two", container(), container(name="talk", command=TALK)),
        },
    )
    fleet.apply()
    return fleet


def start(fleet: Fleet, *arguments: str, stdin: int = subprocess.DEVNULL) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [TRIMTAB, *arguments],
        env=fleet._environment(),
        cwd=fleet.folder,
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextmanager
def started(fleet: Fleet, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    process = start(fleet, *arguments)
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=30)


# exec


def test_a_command_has_its_exit_code_and_its_outputs_apart(settled: Fleet) -> None:
    done = settled.trimtab("exec", "one", "--", "sh", "-c", "echo out; echo err >&2; exit 7", check=7)
    assert done.stdout == "out\n"
    assert done.stderr == "err\ncommand terminated with exit code 7\n"
    assert settled.trimtab("exec", "one", "--", "sh", "-c", "kill -9 $$", check=137).stdout == ""
    missing = settled.trimtab("exec", "one", "--", "no-such-command", check=2)
    assert "executable file not found" in missing.stderr


def test_input_is_piped_to_its_end(settled: Fleet) -> None:
    content = os.urandom(1 << 20)
    done = subprocess.run(
        [TRIMTAB, "exec", "one", "-i", "--", "cat"],
        input=content,
        env=settled._environment(),
        cwd=settled.folder,
        capture_output=True,
        timeout=60,
        check=True,
    )
    assert hashlib.sha256(done.stdout).digest() == hashlib.sha256(content).digest()


def test_containers_are_chosen_as_kubectl_does(settled: Fleet) -> None:
    done = settled.trimtab("exec", "two", "--", "echo", "hello")
    assert done.stdout == "hello\n"
    assert 'Defaulted container "main" out of: main, talk' in done.stderr
    wrong = settled.trimtab("exec", "two", "-c", "tolk", "--", "true", check=2)
    assert "container 'tolk' is not valid for pod default/two" in wrong.stderr


class Terminal:
    """A command on a terminal of its own, as a person would have it."""

    def __init__(self, fleet: Fleet, *arguments: str) -> None:
        self.pid, self.master = pty.fork()
        if not self.pid:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 31, 97, 0, 0))
            os.execve(TRIMTAB, [TRIMTAB, *arguments], {**fleet._environment(), "TERM": "xterm"})  # noqa: S606 - a terminal's own child, as a shell makes it
        self.said = ""

    def expect(self, pattern: str, within: float = 30.0) -> None:
        end = time.monotonic() + within
        while not re.search(pattern, self.said):
            assert time.monotonic() < end, f"{pattern!r} did not come: {self.said!r}"
            if select.select([self.master], [], [], 0.2)[0]:
                try:
                    self.said += os.read(self.master, 4096).decode(errors="replace")
                except OSError:
                    assert re.search(pattern, self.said), self.said
                    return

    def type(self, text: str) -> None:
        os.write(self.master, text.encode())

    def resize(self, rows: int, columns: int) -> None:
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        os.kill(self.pid, signal.SIGWINCH)

    def end(self) -> int:
        _, status = os.waitpid(self.pid, 0)
        os.close(self.master)
        return os.waitstatus_to_exitcode(status)


def test_a_terminal_has_its_size_and_takes_ctrl_c(settled: Fleet) -> None:
    terminal = Terminal(settled, "exec", "one", "-it", "--", "sh")
    terminal.expect("# ")
    terminal.type("stty size\r")
    terminal.expect("31 97[^#]*# ")
    terminal.resize(40, 120)
    terminal.type("stty size\r")
    terminal.expect("40 120[^#]*# ")
    terminal.type("echo start-$((1+1)); sleep 1000\r")
    terminal.expect("start-2")
    terminal.type("\x03")
    terminal.expect(r"start-2[^#]*\^C[^#]*# ")
    terminal.type("echo still-$((40+2))\r")
    terminal.expect("still-42[^#]*# ")
    terminal.type("exit 5\r")
    terminal.expect("exit code 5")
    assert terminal.end() == 5


def test_a_container_that_ends_ends_what_runs_in_it(settled: Fleet) -> None:
    process = start(settled, "exec", "one", "--", "sh", "-c", "echo up; sleep 1000")
    assert process.stdout
    assert process.stdout.readline() == "up\n"
    running = settled.one("default/one")
    containerd.kill_process(settled.host_of(running), running.id)
    process.communicate(timeout=30)
    assert process.returncode == 137


def test_a_cut_link_ends_a_command_with_its_reason(settled: Fleet) -> None:
    identity = {"user": settled.lab.user, "identityFile": str(settled.lab.identity_file)}
    settled.configure(ssh={**identity, "keepaliveInterval": "1s"})
    process = start(settled, "exec", "one", "--", "sh", "-c", "echo up; sleep 1000")
    assert process.stdout
    assert process.stdout.readline() == "up\n"
    host = settled.host_of(settled.one("default/one"))
    host.cut()
    _, error = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "the other side stopped answering" in error or "connection was lost" in error


# logs


def test_logs_of_several_containers_with_their_names_in_front(settled: Fleet) -> None:
    eventually(lambda: "line 20\n" in settled.trimtab("logs", "two", "-c", "talk").stdout)
    done = settled.trimtab("logs", "two", "--all-containers", "--tail", "4", "--timestamps")
    assert re.fullmatch(r"(\[pod/two/talk\] \d{4}-\d\d-\d\dT\S+ (line|problem) \d+\n){4}", done.stdout)
    assert "line 0\n" not in settled.trimtab("logs", "two", "-c", "talk", "--since", "1s").stdout
    future = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
    assert settled.trimtab("logs", "two", "-c", "talk", "--since-time", future).stdout == ""
    assert "not found" in settled.trimtab("logs", "two", "-c", "talk", "-p", check=2).stderr


def test_logs_follow_over_a_restart_and_tell_the_attempt_before(settled: Fleet) -> None:
    with settled.agent():
        settled.settle()
        _follow_over_a_restart(settled)


def _follow_over_a_restart(settled: Fleet) -> None:
    with started(settled, "logs", "two", "talk", "-f", "--tail", "1") as following:
        assert following.stdout
        assert following.stdout.readline()
        before = next(each for each in settled.running() if each.name == "talk")
        containerd.kill_process(settled.host_of(before), before.id)
        seen = [following.stdout.readline()]
        while seen[-1] != "line 0\n":
            seen.append(following.stdout.readline())
            assert seen[-1], "the logs ended"
        assert re.match(r"(line|problem) \d+\n", seen[0])
        previous = settled.trimtab("logs", "two", "talk", "--previous", "--tail", "1").stdout
        assert re.match(r"(line|problem) [1-9]", previous)


def test_logs_follow_over_rotation_without_losing_a_line(settled: Fleet) -> None:
    with started(settled, "logs", "two", "talk", "-f") as following:
        assert following.stdout
        numbers: list[int] = []

        def read_to(number: int) -> None:
            assert following.stdout
            while not numbers or numbers[-1] < number:
                line = following.stdout.readline()
                assert line, "the logs ended"
                if line.startswith("line "):
                    numbers.append(int(line.split()[1]))

        read_to(5)
        talking = next(each for each in settled.running() if each.name == "talk")
        host = settled.host_of(talking)
        path = host.run("ls /var/log/pods/default_two_*/talk/0.log", check=True).stdout.strip()
        host.run(f"mv {path} {path}.20260101-000000", check=True)
        with containerd.service(host) as runtime:
            runtime.ReopenContainerLog(cri.ReopenContainerLogRequest(container_id=talking.id))
        read_to(numbers[-1] + 15)
    assert numbers == list(range(len(numbers)))


def test_logs_of_a_selection_end_when_the_pods_are_gone(fleet: Fleet) -> None:
    fleet.configure(prune={"maxFraction": 1.0})
    once = container(command=["sh", "-c", "echo done; exit 0"])
    web = deployment("web", container(command=TALK), replicas=2)
    fleet.push("first", **{"web.yaml": web, "job.yaml": pod("job", once, restartPolicy="Never")})
    fleet.apply(check=None)
    assert fleet.trimtab("logs", "job", "-f").stdout == "done\n"
    with fleet.agent():
        eventually(lambda: "web-" in fleet.trimtab("logs", "-l", "app=web", "--prefix").stdout)
        _follow_until_they_go(fleet)


def _follow_until_they_go(fleet: Fleet) -> None:
    with started(fleet, "logs", "-l", "app=web", "-f", "--prefix") as following:
        assert following.stdout
        names: set[str] = set()
        while len(names) < 2:
            names.add(following.stdout.readline().split("]")[0])
        assert all(name.startswith("[pod/web-") and name.endswith("/main") for name in names)
        fleet.remove("web.yaml")
        fleet.push("away")
        following.stdout.read()
        assert following.wait(timeout=60) == 0


# cp


def test_files_go_both_ways(settled: Fleet, tmp_path: Path) -> None:
    blob = os.urandom(3 << 20)
    (tmp_path / "folder" / "deep").mkdir(parents=True)
    (tmp_path / "folder" / "deep" / "blob").write_bytes(blob)
    settled.trimtab("cp", str(tmp_path / "folder"), "one:/tmp")
    settled.trimtab("cp", "default/one:/tmp/folder", str(tmp_path / "back"))
    assert (tmp_path / "back" / "deep" / "blob").read_bytes() == blob
    settled.trimtab("cp", "one:/tmp/folder/deep/blob", str(tmp_path / "back"))
    assert (tmp_path / "back" / "blob").read_bytes() == blob
    missing = settled.trimtab("cp", "one:/tmp/nothing", str(tmp_path / "x"), check=2)
    assert "No such file" in missing.stderr
    assert not list(tmp_path.glob(".trimtab-cp-*"))


def hostile_tar() -> bytes:
    content = BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        folder = tarfile.TarInfo("loot")
        folder.type = tarfile.DIRTYPE
        link = tarfile.TarInfo("loot/link")
        link.type, link.linkname = tarfile.SYMTYPE, "/tmp"
        through = tarfile.TarInfo("loot/../../escaped")
        for entry in (folder, link, through):
            archive.addfile(entry)
    return content.getvalue()


def test_a_hostile_archive_lands_nowhere_else(settled: Fleet, tmp_path: Path) -> None:
    """The container's own tar is replaced by one that sends what it likes."""
    (tmp_path / "evil.tar").write_bytes(hostile_tar())
    settled.trimtab("cp", str(tmp_path / "evil.tar"), "one:/tmp/evil.tar")
    script = "rm /bin/tar; printf '#!/bin/sh\\ncat /tmp/evil.tar\\n' >/bin/tar; chmod 755 /bin/tar"
    settled.trimtab("exec", "one", "--", "sh", "-c", script)
    target = tmp_path / "in" / "here"
    target.mkdir(parents=True)
    done = settled.trimtab("cp", "one:/loot", str(target), check=2)
    assert "is not taken" in done.stderr
    assert not list(tmp_path.rglob("escaped"))
    assert not list(tmp_path.rglob(".trimtab-cp-*"))
    assert not list(target.iterdir())


# port-forward


def get(port: int) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("GET", "/")
        return connection.getresponse().read().decode()
    finally:
        connection.close()


def answers(port: int) -> bool:
    """Tell whether the server behind a port listens already."""
    with suppress(OSError, http.client.HTTPException):
        return get(port) == "inside\n"
    return False


def forwarded_port(process: "subprocess.Popen[str]") -> int:
    assert process.stdout
    line = process.stdout.readline()
    match = re.match(r"Forwarding from 127\.0\.0\.1:(\d+) -> 8080", line)
    assert match, line
    return int(match[1])


def test_a_port_is_forwarded_to_the_pods_loopback_until_the_pod_goes(fleet: Fleet) -> None:
    fleet.configure(prune={"maxFraction": 1.0})
    web = pod("web", container(image="registry/web:1.0", command=SERVE))
    fleet.push("first", **{"web.yaml": web, "other.yaml": pod("other")})
    fleet.apply()
    with started(fleet, "port-forward", "web", ":8080") as process:
        port = forwarded_port(process)
        eventually(lambda: answers(port))
        assert [get(port) for _ in range(5)] == ["inside\n"] * 5
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0
    with started(fleet, "port-forward", "web", ":8080") as process:
        port = forwarded_port(process)
        assert get(port) == "inside\n"
        fleet.remove("web.yaml")
        fleet.push("away")
        fleet.apply()
        _, error = process.communicate(timeout=60)
        assert process.returncode == 2
        assert "lost connection to pod" in error


# top, describe


def test_top_shows_who_is_busy(fleet: Fleet) -> None:
    fleet.push(
        "first",
        **{"busy.yaml": pod("busy", container(command=["sh", "-c", "while :; do :; done"])), "idle.yaml": pod("idle")},
    )
    fleet.apply()
    lines = fleet.trimtab("top", "pods", "--sort-by", "cpu").stdout.splitlines()
    assert lines[0].split() == ["NAME", "CPU(cores)", "MEMORY(bytes)"]
    assert lines[1].split()[0] == "busy"
    assert int(lines[1].split()[1].removesuffix("m")) > 100
    assert {line.split()[0] for line in fleet.trimtab("top", "hosts").stdout.splitlines()[1:]} == {"h1", "h2", "h3"}


def test_describe_says_why_a_pod_waits_and_keeps_secrets(fleet: Fleet) -> None:
    fleet.push(
        "first",
        **{
            "stuck.yaml": pod("stuck", container(image="registry/app:no-such-tag")),
            "secret.yaml": secret("s", key="hidden-value"),
        },
    )
    with fleet.agent():
        waits = r"Waits:\n(  .*\n)*  .*no-such-tag"
        said = eventually(lambda: _described(fleet, waits))
    assert "stuck.yaml:1 @" in said
    assert "ImagePullBackOff" in said or "ErrImagePull" in said
    shown = fleet.trimtab("describe", "secret/s").stdout
    assert "key:              12 bytes" in shown
    assert "hidden-value" not in shown


def _described(fleet: Fleet, pattern: str) -> str:
    done = fleet.trimtab("describe", "pod", "stuck", check=None)
    assert re.search(pattern, done.stdout), done.stdout + done.stderr
    return done.stdout
