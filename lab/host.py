"""One lab host: a machine of its own as far as SSH, containerd, CNI and its users can tell."""

import shutil
import signal
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from lab import cgroups, network, skeleton
from lab.errors import LabError
from lab.network import Subnet
from lab.processes import PATH, Process, read_process, run, spawn, wait_for, write_process
from lab.state import Paths

Service = Literal["containerd", "sshd"]
SERVICES: tuple[Service, ...] = ("containerd", "sshd")

_COMMANDS: dict[Service, str] = {
    "containerd": "containerd --config /etc/containerd/config.toml",
    "sshd": "/usr/sbin/sshd -D -e -f /etc/ssh/sshd_config",
}
# containerd listens before its CRI plugin has recovered; this is the line that plugin ends with.
_SERVING: dict[Service, str] = {"containerd": "Start streaming server", "sshd": "Server listening on 0.0.0.0"}
_INIT = Path(__file__).with_name("host-init.sh")


@dataclass(frozen=True)
class Site:
    """What the hosts of a lab share."""

    paths: Paths
    subnet: Subnet
    switch: Process
    hosts: int
    pod_routes: bool


@dataclass(frozen=True)
class LabHost:
    """A host of a lab, to be reached over SSH like any other, or misused on purpose."""

    name: str
    index: int
    address: str
    port: int
    host_key: str
    containerd_socket: str
    site: Site
    root: str = "/"
    """What its own files lie over: the machine's root, or that of another release."""

    @property
    def folder(self) -> Path:
        """The host's small state on the machine; run/ below it is the host's /run."""
        return self.site.paths.host_state(self.name)

    @property
    def data(self) -> Path:
        """What the host keeps over a reboot, laid out as on the host (var/lib/containerd, var/log, root, …)."""
        return self.site.paths.host_data(self.name)

    @property
    def is_cut(self) -> bool:
        """Whether its network cable is pulled."""
        return (self.folder / "cut").exists()

    @property
    def init(self) -> Process | None:
        """Its PID 1, None while the host is off."""
        return read_process(self.folder / "init.pid")

    def entering(self, *command: str) -> list[str]:
        """Return the command line that runs a command on the host from the machine, past SSH."""
        init = self.init
        if init is None:
            raise LabError(f"host {self.name} is off: start it with `reboot`")
        groups = [str(path) for path in cgroups.entry(self.site.paths.group, self.name)]
        into = 'n=$1; shift; while [ "$n" -gt 0 ]; do echo 0 >"$1/cgroup.procs"; shift; n=$((n-1)); done; exec "$@"'
        nsenter = ["nsenter", f"--target={init.pid}", "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--"]
        clean = ["env", "-i", f"PATH={PATH}", "HOME=/root", "USER=root", "LANG=C.UTF-8"]
        return ["sh", "-c", into, "sh", str(len(groups)), *groups, *nsenter, *clean, *command]

    def run(
        self, command: str, *, check: bool = False, timeout: float = 60.0, stdin: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run a shell command as root on the host, past SSH and also when the host is cut off."""
        done = subprocess.run(
            self.entering("sh", "-c", command),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            cwd="/",
        )
        if check and done.returncode:
            raise LabError(f"{self.name}: {command!r} failed with code {done.returncode}: {done.stderr.strip()}")
        return done

    def cut(self) -> None:
        """Pull its network cable: nothing on the host stops, nobody reaches it."""
        (self.folder / "cut").touch()
        if self.init:
            network.set_port(self.site.switch, self.name, up=False)

    def mend(self) -> None:
        """Put its network cable back."""
        (self.folder / "cut").unlink(missing_ok=True)
        if self.init:
            network.set_port(self.site.switch, self.name, up=True)

    def start(self, service: Service) -> None:
        """Start a service that is stopped and wait until it serves."""
        if self.is_running(service):
            return
        log = self.data / "var/log" / f"{service}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        written = log.stat().st_size if log.exists() else 0
        # The shell between leaves the service to the host's own PID 1, not to a process of the machine.
        start = f"setsid {_COMMANDS[service]} </dev/null >>/var/log/{service}.log 2>&1 & echo $! >/run/{service}.pid"
        inner = self.run(f"{start}; cat /run/{service}.pid", check=True).stdout.strip()
        process = self._find(inner)
        if process:
            write_process(self.folder / f"{service}.process", process)

        def serves() -> bool:
            with log.open() as lines:
                lines.seek(written)
                said = lines.read()
            if not self.is_running(service):
                raise LabError(f"{service} of {self.name} ended at once; the end of {log}:\n{said[-2000:]}")
            return _SERVING[service] in said

        wait_for(f"{service} of {self.name}", serves, log=log)

    def _find(self, inner: str) -> Process | None:
        """Find the process of the host that has the given PID there."""
        for pid in (cgroups.entry(self.site.paths.group, self.name)[0] / "cgroup.procs").read_text().split():
            try:
                status = Path(f"/proc/{pid}/status").read_text()
            except (FileNotFoundError, ProcessLookupError):
                continue
            numbers = status.partition("\nNSpid:")[2].partition("\n")[0].split()
            if len(numbers) == 2 and numbers[1] == inner:
                return Process.of(int(pid))
        return None

    def is_running(self, service: Service) -> bool:
        """Whether the service that the lab started still runs."""
        return self._process(service) is not None

    def _process(self, service: Service) -> Process | None:
        return read_process(self.folder / f"{service}.process")

    def stop(self, service: Service) -> None:
        """End a service the way an init system does (SIGTERM); containers and SSH sessions go on."""
        self._end(service, signal.SIGTERM)

    def kill(self, service: Service) -> None:
        """End a service the way a crash does (SIGKILL); containers and SSH sessions go on."""
        self._end(service, signal.SIGKILL)

    def _end(self, service: Service, how: signal.Signals) -> None:
        process = self._process(service)
        if process:
            process.end(how)

    def boot(self) -> None:
        """Power the host on: an empty /run, PID 1, its cable plugged in, containerd and sshd started."""
        folder = self.folder
        if self.init:
            raise LabError(f"host {self.name} is on already")
        for path in (folder / "init.pid", folder / "unshare.pid"):
            path.unlink(missing_ok=True)
        shutil.rmtree(folder / "run", ignore_errors=True)
        for path in (folder / "run", folder / "mnt"):
            path.mkdir(parents=True, exist_ok=True)
        self.data.mkdir(parents=True, exist_ok=True)
        skeleton.home(self.data)
        trees = cgroups.hierarchies()
        mounts = "".join(f"{tree.kind} {tree.mount} {tree.options}\n" for tree in trees)
        (folder / "cgroup.mounts").write_text(mounts)
        unshare = ["unshare", "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--fork"]
        hidden = [str(self.site.paths.state.parent), str(self.site.paths.data.parent)]
        command = [*unshare, "sh", str(_INIT), str(folder), str(self.data), self.name, self.root, *hidden]
        log = folder / "init.log"
        spawn(command, log, folder / "unshare.pid", cgroups.create(self.site.paths.group, self.name))

        def booting() -> bool:
            started = (folder / "unshare.pid").exists()
            if started and not read_process(folder / "unshare.pid"):
                raise LabError(f"host {self.name} ended while it booted; {log} says:\n{log.read_text()[-2000:]}")
            return started

        wait_for(f"host {self.name}", lambda: booting() and self.init is not None, log=log)
        init = self.init
        if init is None:
            raise LabError(f"host {self.name} ended at once: see {log}")
        network.plug(self.site.switch, init, self.name, self.index, self.site.subnet, up=not self.is_cut)
        wait_for(f"host {self.name}", lambda: booting() and (folder / "run" / "lab-ready").exists(), log=log)
        cgroups.make_room(self.site.paths.group, self.name)
        if self.site.pod_routes:
            network.route_pods(init, self.index, self.site.hosts, self.site.subnet)
        self.start("sshd")
        self.start("containerd")

    def halt(self) -> None:
        """Pull its power plug: every process of the host ends at once, containers and shims with it."""
        init = self.init
        if init:
            network.unplug(self.site.switch, self.name)
            init.end()
        cgroups.end_all(self.site.paths.group, self.name)
        cgroups.remove(self.site.paths.group, self.name)
        shutil.rmtree(self.folder / "run", ignore_errors=True)

    def reboot(self) -> None:
        """Pull the power plug and put it back; what is on disk stays, /run and every process do not."""
        self.halt()
        self.boot()

    def import_image(self, archive: bytes) -> None:
        """Put an image into containerd without a pull."""
        run(self.entering("ctr", "-n", "k8s.io", "images", "import", "-"), archive)

    def ssh_reachable(self, timeout: float = 2.0) -> bool:
        """Whether an sshd answers at the host's address."""
        try:
            with socket.create_connection((self.address, self.port), timeout) as connection:
                connection.settimeout(timeout)
                return connection.recv(4) == b"SSH-"
        except OSError:
            return False
