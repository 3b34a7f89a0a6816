"""Starting processes that outlive us, and ending exactly those: never by name."""

import contextlib
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from lab.errors import LabError

# Fields 1 and 22 of stat are the PID and the start time.
_IDENTIFY = """\
identity() { read -r stat </proc/self/stat; set -- $stat; echo "$1 ${22}"; }
identity >"$0.new" && mv "$0.new" "$0" && exec "$@"
"""
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class Process:
    """One process for certain: a PID is reused, a PID with its start time is not."""

    pid: int
    started: int

    @classmethod
    def of(cls, pid: int) -> "Process | None":
        """Identify a running process, None when it is gone or only waits to be reaped."""
        try:
            stat = Path(f"/proc/{pid}/stat").read_text()
        except (FileNotFoundError, ProcessLookupError):
            return None
        fields = stat.rpartition(")")[2].split()
        return None if fields[0] in "ZX" else cls(pid, int(fields[19]))

    @property
    def alive(self) -> bool:
        """Whether this very process still runs."""
        return Process.of(self.pid) == self

    def send(self, how: signal.Signals) -> None:
        """Signal this very process, if it still runs."""
        with contextlib.suppress(ProcessLookupError):
            handle = os.pidfd_open(self.pid)
            try:
                if self.alive:
                    signal.pidfd_send_signal(handle, how)
            finally:
                os.close(handle)

    def wait(self, timeout: float = 30.0) -> None:
        """Wait until this very process is gone."""
        try:
            handle = os.pidfd_open(self.pid)
        except ProcessLookupError:
            return
        try:
            if self.alive and not select.select([handle], [], [], timeout)[0]:
                raise LabError(f"process {self.pid} did not end within {timeout:g} s")
        finally:
            os.close(handle)

    def end(self, how: signal.Signals = signal.SIGKILL) -> None:
        """Signal this very process and wait until it is gone."""
        self.send(how)
        self.wait()


def run(command: Sequence[str], stdin: bytes | None = None) -> str:
    """Run a tool to its end and return what it printed; a failure shows what it said."""
    done = subprocess.run(command, input=stdin if stdin is not None else b"", capture_output=True, check=False)
    if done.returncode:
        said = (done.stderr or done.stdout).decode(errors="replace").strip()
        raise LabError(f"{' '.join(command[:6])} … failed with code {done.returncode}: {said}")
    return done.stdout.decode(errors="replace")


def spawn(command: Sequence[str], log: Path, pid_file: Path, entering: Sequence[Path] = ()) -> None:
    """Start a process that is nobody's child here, in the given cgroups; its PID goes to `pid_file`.

    It is handed to the machine's PID 1, so it survives us and leaves no zombie with us.
    """
    into = "".join(f"echo 0 >{path}/cgroup.procs\n" for path in entering)
    script = f'{into}setsid sh -c \'{_IDENTIFY}\' "$0" "$@" &'
    with log.open("ab") as output:
        done = subprocess.run(
            ["sh", "-ec", script, str(pid_file), *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd="/",
            env={"PATH": PATH},
            check=False,
        )
    if done.returncode:
        raise LabError(f"could not start {command[0]}: see {log}")


def wait_for(what: str, ready: Callable[[], bool], timeout: float = 60.0, log: Path | None = None) -> None:
    """Wait until something holds; a timeout shows the end of the log that tells why."""
    deadline = time.monotonic() + timeout
    pause = 0.002
    while not ready():
        if time.monotonic() > deadline:
            tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:]) if log and log.exists() else ""
            raise LabError(f"{what}: not within {timeout:g} s" + (f"; the end of {log}:\n{tail}" if tail else ""))
        time.sleep(pause)
        pause = min(pause * 1.5, 0.05)


def read_process(path: Path) -> Process | None:
    """Return the running process that a file identifies, None when there is none (yet, or any more)."""
    try:
        process = Process(*map(int, path.read_text().split()))
    except FileNotFoundError:
        return None
    return process if process.alive else None


def write_process(path: Path, process: Process) -> None:
    """Note a process in a file so that another run of the lab finds it."""
    path.write_text(f"{process.pid} {process.started}\n")
