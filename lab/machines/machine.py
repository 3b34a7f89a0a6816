"""One virtual machine: boots from an image, keeps nothing, is reached over SSH on this machine's loopback."""

import contextlib
import fcntl
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import msgspec

from lab.errors import LabError
from lab.machines.image import Image, image
from lab.processes import PATH, Process, read_process, spawn, wait_for

_STATE: Final = Path("/run/trimtab-machines")
_BOOT: Final = 600.0


class _Record(msgspec.Struct, frozen=True):
    """What is known of a machine before it is started, so that a crash leaves nothing unknown."""

    port: int
    image: str
    owner: Process | None


@dataclass(frozen=True)
class Machine:
    """A running machine: what it writes outlives its reboots, and is gone when it is powered off."""

    release: str
    folder: Path
    port: int
    image: Image

    @classmethod
    def up(cls, release: str, *, detached: bool = False, cores: int = 2, memory: str = "6G") -> Self:
        """Boot a machine and return it once it has settled; one that a crashed run left behind is removed first.

        `detached` keeps it beyond the end of this process.
        """
        _check()
        built = image(release)
        folder = _STATE / release
        with _locked():
            _make_way(folder)
            folder.mkdir(parents=True)
            machine = cls(release, folder, _free_port(), built)
            record = _Record(machine.port, str(built.folder), None if detached else Process.of(os.getpid()))
            (folder / "machine.json").write_bytes(msgspec.json.encode(record))
            machine._configure_ssh()
            spawn(machine._command(cores, memory), folder / "qemu.log", folder / "qemu.pid")
        try:
            machine.wait()
        except BaseException:
            machine.down()
            raise
        return machine

    @classmethod
    def attach(cls, release: str) -> Self:
        """Return a machine that is up already, started by whichever process."""
        folder = _STATE / release
        record = _record(folder)
        if record is None or read_process(folder / "qemu.pid") is None:
            raise LabError(f"no machine {release} is up: start it with `python -m lab.machines up {release}`")
        return cls(release, folder, record.port, Image(Path(record.image)))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.down()

    @property
    def ssh_config(self) -> Path:
        """An OpenSSH client configuration: `ssh -F FILE RELEASE` just works, with the host key pinned."""
        return self.folder / "ssh_config"

    @property
    def console(self) -> Path:
        """What the machine said on its serial console."""
        return self.folder / "console.log"

    def ssh(self, *command: str) -> list[str]:
        """Return the command line that runs a shell command on the machine as root."""
        return ["ssh", "-F", str(self.ssh_config), self.release, *command]

    def run(
        self, command: str, *, check: bool = False, timeout: float = 120.0, stdin: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run a shell command as root on the machine."""
        done = subprocess.run(
            self.ssh(command), input=stdin, capture_output=True, text=True, timeout=timeout, check=False
        )
        if check and done.returncode:
            said = (done.stderr or done.stdout).strip()
            raise LabError(f"{self.release}: {command!r} failed with code {done.returncode}: {said}")
        return done

    def boot_id(self) -> str:
        """Name this boot of the machine, empty while it does not answer."""
        return self.run("cat /proc/sys/kernel/random/boot_id", timeout=30).stdout.strip()

    def wait(self, *, after_boot: str = "") -> None:
        """Wait until the machine answers, in another boot than the given one, and all its units have started."""

        def answers() -> bool:
            if read_process(self.folder / "qemu.pid") is None and (self.folder / "qemu.pid").exists():
                raise LabError(f"machine {self.release} ended: see {self.folder / 'qemu.log'}")
            with contextlib.suppress(subprocess.TimeoutExpired):
                return self.boot_id() not in {"", after_boot}
            return False

        wait_for(f"machine {self.release}", answers, timeout=_BOOT, log=self.console)
        state = self.run("systemctl is-system-running --wait", timeout=_BOOT).stdout.strip()
        if state != "running":
            failed = self.run("systemctl --failed --no-legend --plain").stdout.strip()
            raise LabError(f"machine {self.release} is {state}: {failed}")

    def reboot(self) -> None:
        """Restart it the way an administrator does, and wait until it is back."""
        before = self.boot_id()
        self.run("systemctl reboot")
        self.wait(after_boot=before)

    def push(self, checkout: Path, target: str) -> None:
        """Put the newest commit of a checkout into a folder of the machine, as a clone."""
        self.run(f"git init --quiet {target}", check=True)
        command = ["git", "-C", str(checkout), "push", "--quiet", "--force", f"{self.release}:{target}"]
        environment = {**os.environ, "GIT_SSH_COMMAND": f"ssh -F {self.ssh_config}"}
        done = subprocess.run(
            [*command, "HEAD:refs/heads/pushed"], env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise LabError(f"{self.release}: the checkout could not be pushed: {done.stderr.strip()}")
        self.run(f"git -C {target} checkout --quiet --detach pushed", check=True)

    def down(self) -> None:
        """Power it off at once and remove what it had; its image stays."""
        remove(self.release)

    def _configure_ssh(self) -> None:
        known = self.folder / "known_hosts"
        known.write_text(f"[127.0.0.1]:{self.port} {self.image.host_key}\n")
        self.ssh_config.write_text(
            f"Host {self.release}\n  HostName 127.0.0.1\n  Port {self.port}\n  User root\n"
            f"  IdentityFile {self.image.identity}\n  IdentitiesOnly yes\n  UserKnownHostsFile {known}\n"
            "  GlobalKnownHostsFile /dev/null\n  StrictHostKeyChecking yes\n  BatchMode yes\n"
            "  ConnectTimeout 5\n  ServerAliveInterval 10\n  LogLevel ERROR\n"
        )

    def _command(self, cores: int, memory: str) -> list[str]:
        # qemu keeps what is written in a file that has no name, so that not even a crash leaves it behind.
        disk = f"file={self.image.disk},format=raw,if=virtio,snapshot=on,cache=unsafe,discard=unmap"
        return [
            "env", f"TMPDIR={tempfile.gettempdir()}",
            "qemu-system-x86_64", *_processor(), "-smp", str(cores), "-m", memory,
            "-no-user-config", "-nodefaults", "-display", "none",
            "-serial", f"file:{self.console}", "-drive", disk, "-device", "virtio-rng-pci",
            "-nic", f"user,model=virtio-net-pci,hostfwd=tcp:127.0.0.1:{self.port}-:22",
            "-kernel", str(self.image.kernel), "-initrd", str(self.image.initrd),
            "-append", "root=/dev/vda rw console=ttyS0 panic=-1 mitigations=off",
        ]  # fmt: skip


def remove(release: str) -> None:
    """Leave nothing of a machine, also of one that crashed; images stay."""
    with _locked():
        _remove(_STATE / release)


def is_fast() -> bool:
    """Whether a machine runs on the processor itself.

    Some clouds offer a /dev/kvm without the processor's virtualization behind it, which runs only kernels made for it.
    """
    flags = set(Path("/proc/cpuinfo").read_text().split())
    return bool(flags & {"vmx", "svm"}) and os.access("/dev/kvm", os.W_OK)


def _processor() -> list[str]:
    if is_fast():
        return ["-machine", "q35,accel=kvm", "-cpu", "host,-arch-capabilities"]
    return ["-machine", "q35", "-accel", "tcg,thread=multi", "-cpu", "max"]


def _check() -> None:
    if os.geteuid() != 0:
        raise LabError("machines are made from root's files: run this with sudo")
    if not shutil.which("qemu-system-x86_64", path=PATH):
        raise LabError("qemu is missing: apt-get install qemu-system-x86")


@contextmanager
def _locked() -> Iterator[None]:
    _STATE.mkdir(exist_ok=True)
    with (_STATE / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _record(folder: Path) -> _Record | None:
    with contextlib.suppress(FileNotFoundError):
        return msgspec.json.decode((folder / "machine.json").read_bytes(), type=_Record)
    return None


def _make_way(folder: Path) -> None:
    """Remove what a crashed run left; refuse when somebody uses it."""
    record = _record(folder)
    if record and read_process(folder / "qemu.pid"):
        owner = record.owner
        if owner is None or owner.alive:
            who = f"process {owner.pid} uses it" if owner else "it was started to stay"
            raise LabError(f"machine {folder.name} is up already ({who}): `python -m lab.machines down {folder.name}`")
    _remove(folder)


def _remove(folder: Path) -> None:
    process = read_process(folder / "qemu.pid")
    if process:
        process.end()
    shutil.rmtree(folder, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
