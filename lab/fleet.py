"""A lab as a whole: several hosts, the switch between them, and the registry they pull from."""

import json
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from lab import cgroups, cleanup, images, network, packages, registry, releases, skeleton
from lab.errors import LabError
from lab.host import LabHost, Site
from lab.network import FIRST_HOST, MOST_HOSTS, Subnet
from lab.processes import Process, read_process, run, spawn, wait_for
from lab.state import Paths, Record, load, locked, paths_for, save

Say = Callable[[str], None]


def _silent(_: str) -> None:
    pass


@dataclass(frozen=True)
class Lab:
    """Several containerd hosts that can be reached over SSH, and misused; gone without trace after `down`."""

    paths: Paths
    record: Record
    hosts: tuple[LabHost, ...]
    user: str = "root"
    sudo_user: str = skeleton.USER

    @classmethod
    def up(
        cls,
        hosts: int = 3,
        name: str = "tt",
        *,
        from_releases: Sequence[str] = (),
        pod_routes: bool = False,
        detached: bool = False,
        replace_running: bool = False,
        say: Say = _silent,
    ) -> Self:
        """Start a lab and return it ready for use.

        A lab of the same name that a crashed run left behind is removed first; one that is in use is refused, unless
        `replace_running`. `detached` keeps the lab beyond the end of this process. With `pod_routes` each host can
        reach the pods of the others without any help, as in a routed network. Hosts take the Debian releases of
        `from_releases` in turn; where there is none, they are of this machine's own.
        """
        packages.check()
        if not 1 <= hosts <= MOST_HOSTS:
            raise LabError(f"a lab has 1 to {MOST_HOSTS} hosts, not {hosts}")
        paths = paths_for(name)
        roots = releases.roots(from_releases, hosts, say)
        me = Process.of(os.getpid())
        with locked():
            _make_way(paths, replace_running=replace_running, say=say)
            subnet = network.free_subnet()
            names = tuple(f"h{index}" for index in range(1, hosts + 1))
            record = Record(name, names, subnet.number, complete=False, owner=me, pod_routes=pod_routes, roots=roots)
            save(paths, record)
            try:
                record = replace(record, switch=_start_switch(paths, subnet))
                save(paths, record)
            except BaseException:
                cleanup.remove(paths)
                raise
        try:
            say(f"network {subnet.v4} and {subnet.v6}, starting {_counted(hosts)}")
            record = replace(record, registry=_start_all(paths, record, say))
            record = replace(record, complete=True, owner=None if detached else me)
            save(paths, record)
            return cls._of(paths, record)
        except BaseException:
            cleanup.locked_remove(paths)
            raise

    @classmethod
    def attach(cls, name: str = "tt") -> Self:
        """Return a lab that is up already, started by whichever process."""
        paths = paths_for(name)
        record = load(paths)
        if record is None:
            raise LabError(f"no lab {name} is up: start it with `python -m lab up --name {name}`")
        if not record.complete or not record.switch or not record.switch.alive:
            raise LabError(f"lab {name} is half up or crashed: `python -m lab down --name {name}` removes it")
        return cls._of(paths, record)

    @classmethod
    def _of(cls, paths: Paths, record: Record) -> Self:
        return cls(paths, record, tuple(_host(paths, record, index) for index in range(1, len(record.hosts) + 1)))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.down()

    @property
    def name(self) -> str:
        """The name that tells this lab apart from others on the machine."""
        return self.paths.name

    @property
    def registry(self) -> str:
        """Address and port of the lab's registry, as it appears in image names."""
        return f"{Subnet(self.record.subnet).gateway}:{registry.PORT}"

    @property
    def images(self) -> images.Images:
        """Build and push images for the hosts to pull."""
        return images.Images(self.registry)

    @property
    def identity_file(self) -> Path:
        """The private key that logs in as root, or as the unprivileged `op` with sudo rights."""
        return self.paths.identity

    @property
    def known_hosts_file(self) -> Path:
        """The host keys of all hosts, in OpenSSH's format."""
        return self.paths.state / "known_hosts"

    def host(self, name: str) -> LabHost:
        """Return one host by its name."""
        for host in self.hosts:
            if host.name == name:
                return host
        raise LabError(f"lab {self.name} has no host {name!r}: it has {', '.join(self.record.hosts)}")

    def stop_registry(self) -> None:
        """Stop the registry: pulls fail until `start_registry`."""
        process = read_process(self.paths.state / "registry.pid")
        if process:
            process.end()

    @property
    def registry_running(self) -> bool:
        """Whether the registry's process is there."""
        return read_process(self.paths.state / "registry.pid") is not None

    def start_registry(self) -> None:
        """Start the registry again; it has kept its images."""
        if not self.registry_running:
            _start_registry(self.paths, self.record)

    def down(self) -> None:
        """Remove the lab: processes, namespaces, mounts, links, cgroups, folders."""
        cleanup.locked_remove(self.paths)

    def ssh_config(self, user: str = "root") -> str:
        """Return an OpenSSH client configuration: `ssh -F FILE h1` just works, with pinned host keys."""
        return "".join(
            f"Host {host.name}\n  HostName {host.address}\n  Port {host.port}\n  User {user}\n"
            f"  HostKeyAlias {host.address}\n  IdentityFile {self.identity_file}\n  IdentitiesOnly yes\n"
            f"  UserKnownHostsFile {self.known_hosts_file}\n  GlobalKnownHostsFile /dev/null\n"
            "  StrictHostKeyChecking yes\n  BatchMode yes\n\n"
            for host in self.hosts
        )

    def write_hosts(self, folder: Path) -> list[Path]:
        """Write a Host manifest for each host, one file a host, into a source folder."""
        folder.mkdir(parents=True, exist_ok=True)
        written = []
        for host in self.hosts:
            path = folder / f"{host.name}.yaml"
            path.write_text(
                "apiVersion: trimtab.dev/v1alpha1\n"
                "kind: Host\n"
                f"metadata: {{name: {host.name}}}\n"
                "spec:\n"
                f'  ssh: {{address: {host.address}, port: {host.port}, hostKey: "{host.host_key}"}}\n'
            )
            written.append(path)
        return written

    def agent_config(self, folder: Path, source_url: str, name: str = "lab", user: str | None = None) -> Path:
        """Write an agent configuration for this lab whose state also lives in `folder`; return its path."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "agent.yaml"
        text = {key: json.dumps(str(value)) for key, value in self._agent_values(folder, source_url, user).items()}
        path.write_text(
            "apiVersion: trimtab.dev/v1alpha1\n"
            "kind: Agent\n"
            f"metadata: {{name: {name}}}\n"
            "spec:\n"
            f"  source: {{url: {text['url']}, ref: {{branch: main}}, path: ., interval: 10s}}\n"
            f"  ssh: {{user: {text['user']}, identityFile: {text['identity']}, knownHostsFile: {text['known']}}}\n"
            f"  stateDir: {text['state']}\n"
            "  metrics: {port: 0}  # the machine may have an agent of its own\n"
            "  # Memory and disk are the machine's, which may be short of them for reasons of its own.\n"
            "  cleanup: {evictionHard: {memory.available: 0, nodefs.available: 0, imagefs.available: 0}}\n"
        )
        return path

    def _agent_values(self, folder: Path, source_url: str, user: str | None) -> dict[str, object]:
        return {
            "url": source_url,
            "user": user or self.user,
            "identity": self.identity_file,
            "known": self.known_hosts_file,
            "state": folder / "state",
        }


def _counted(hosts: int) -> str:
    return "1 host" if hosts == 1 else f"{hosts} hosts"


def _make_way(paths: Paths, *, replace_running: bool, say: Say) -> None:
    """Remove what a crashed run left under this name; refuse when somebody uses it."""
    record = load(paths)
    in_use = record is not None and (
        (record.owner is not None and record.owner.alive)
        or (record.complete and record.owner is None and record.switch is not None and record.switch.alive)
    )
    if record and in_use and not replace_running:
        who = f"process {record.owner.pid} uses it" if record.owner else "it was started to stay"
        raise LabError(
            f"lab {paths.name} is up already ({who}): `python -m lab down --name {paths.name}` removes it, "
            "another --name starts one next to it"
        )
    network.refuse_foreign_link(paths.name, paths.state)
    if cleanup.leftovers(paths):
        say(f"removing what an earlier run left of lab {paths.name}")
        cleanup.remove(paths)


def _start_switch(paths: Paths, subnet: Subnet) -> Process:
    """Start the process whose network namespace is the switch, and wire it to the machine."""
    pid_file, log = paths.state / "switch.pid", paths.state / "switch.log"
    machine = Path("/proc/self/ns/net").stat().st_ino
    spawn(["unshare", "--net", "sleep", "infinity"], log, pid_file, cgroups.create(paths.group, "switch"))

    def apart() -> bool:
        found = read_process(pid_file)
        return found is not None and Path(f"/proc/{found.pid}/ns/net").stat().st_ino != machine

    wait_for("switch", apart, log=log)
    switch = read_process(pid_file)
    if switch is None:
        raise LabError(f"the switch ended at once: see {log}")
    network.build_switch(paths.name, paths.state, subnet, switch)
    return switch


def _start_registry(paths: Paths, record: Record) -> Process:
    if record.switch is None:
        raise LabError(f"lab {paths.name} has no switch: `python -m lab down --name {paths.name}` removes it")
    return registry.start(paths, record.switch, Subnet(record.subnet).gateway)


def _start_all(paths: Paths, record: Record, say: Say) -> Process:
    """Start registry and hosts side by side, and give each host the pause image."""
    address = f"{Subnet(record.subnet).gateway}:{registry.PORT}"
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", f"trimtab-lab-{paths.name}", "-f", str(paths.identity)])
    public = paths.identity.with_suffix(".pub").read_text()

    def start_registry() -> Process:
        process = _start_registry(paths, record)
        for image in images.standard():
            images.Images(address).push(image)
        say(f"registry {address} serves its images")
        return process

    def start_host(index: int) -> str:
        name = record.hosts[index - 1]
        folder = paths.host_state(name)
        skeleton.write(folder / "skeleton", name, index, address, public)
        key = folder / "skeleton/etc/ssh/lab_host_ed25519_key"
        run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(key)])
        host = _host(paths, record, index)
        host.boot()
        host.import_image(archive)
        say(f"{name} is up at {host.address}")
        return f"{host.address} {host.host_key}\n"

    archive = images.archive(images.pause(), f"{address}/{skeleton.PAUSE}")
    # Starting containerd is work for the processor: more hosts at once than that only slows each of them.
    with ThreadPoolExecutor(max_workers=max(4, 2 * (os.cpu_count() or 1))) as pool:
        registry_started = pool.submit(start_registry)
        known_hosts = _gather(pool.submit(start_host, index).result for index in range(1, len(record.hosts) + 1))
        (paths.state / "known_hosts").write_text("".join(known_hosts))
        return registry_started.result()


def _gather(results: Iterable[Callable[[], str]]) -> list[str]:
    """Wait for all, having started all."""
    return [result() for result in list(results)]


def _host(paths: Paths, record: Record, index: int) -> LabHost:
    """Describe one host from what is on disk."""
    if record.switch is None:
        raise LabError(f"lab {paths.name} has no switch: `python -m lab down --name {paths.name}` removes it")
    name = record.hosts[index - 1]
    subnet = Subnet(record.subnet)
    folder = paths.host_state(name)
    key = (folder / "skeleton/etc/ssh/lab_host_ed25519_key.pub").read_text()
    return LabHost(
        name=name,
        index=index,
        address=str(subnet.v4[FIRST_HOST + index - 1]),
        port=22,
        host_key=" ".join(key.split()[:2]),
        containerd_socket=str(folder / "run/containerd/containerd.sock"),
        site=Site(paths, subnet, record.switch, len(record.hosts), record.pod_routes),
        root=record.roots[index - 1] if record.roots else "/",
    )
