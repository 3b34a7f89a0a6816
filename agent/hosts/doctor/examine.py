"""Looking a host over before, or after, it is trusted with pods: each line ok, a warning, or a problem and its cure."""

from collections.abc import Generator, Iterator
from typing import Final

import grpc

from agent.hosts.connect import open_link
from agent.hosts.cri.client import Runtime
from agent.hosts.cri.errors import port_error
from agent.hosts.doctor.abilities import ability_checks
from agent.hosts.doctor.check import Check, Status
from agent.hosts.doctor.plugins import plugin_checks
from agent.hosts.doctor.runtime import condition_check, pause_image_check
from agent.hosts.doctor.shell import shell_check
from agent.hosts.garbled import reading
from agent.hosts.link import Finished, Link
from agent.hosts.look import facts as host_facts
from agent.hosts.look.abilities import features, runtime_config
from agent.hosts.look.facts import HostFacts
from agent.hosts.look.machine import Machine
from agent.hosts.owner import parse_owner
from agent.model.objects.agent import SshDefaults
from agent.model.objects.host import Host
from agent.ports import Clock, PortError

_SKEW_WARNING: Final = 5.0
_SKEW_PROBLEM: Final = 60.0
_DISK_WARNING: Final = 15
_DISK_PROBLEM: Final = 5

# Entries end in NUL, as in facts. `find -printf` is what only GNU's find has.
_TOOLS_SCRIPT: Final = r"""
export LC_ALL=C
printf 'uid %s\0kernel %s\0' "$(id -u)" "$(uname -r)"
for tool in tar sha256sum find stat mountpoint umount readlink mktemp; do
  command -v "$tool" >/dev/null 2>&1 || printf 'missing %s\0' "$tool"
done
find / -maxdepth 0 -printf '' 2>/dev/null || printf 'missing %s\0' 'GNU find (find -printf)'
printf x | sha256sum -z >/dev/null 2>&1 || printf 'missing %s\0' 'GNU sha256sum (sha256sum -z)'
printf 'runc %s\0' "$(runc --version 2>/dev/null | head -n 1)"
for folder in /var/lib/containerd /var/lib/trimtab /var/log; do
  [ -d "$folder" ] || continue
  printf 'disk %s\0' "$folder $(df -P -- "$folder" | tail -n 1)"
done
"""


def examine(declared: Host, defaults: SshDefaults, agent: str, *, clock: Clock) -> Iterator[Check]:
    """Yield checks as they are made; ends early where nothing further can be asked. Changes nothing."""
    where = "this machine"
    if declared.spec.ssh:
        where = f"{declared.spec.ssh.address} over SSH"
    try:
        link = open_link(declared, defaults)
    except PortError as error:
        yield _failed(
            "connection", error, "is the machine on and on the network, and is spec.ssh.address of the Host right?"
        )
        return
    try:
        yield Check(name="connection", status="ok", message=f"{where}: key and login are in order")
        told = link.run(_TOOLS_SCRIPT)
        if (mute := shell_check(told, declared, defaults)) is not None:
            yield mute
            return
        with reading(declared.metadata.name):
            yield from _examine_tools(told)
            machine = yield from _examine_facts(declared, link, agent, clock)
            yield from _examine_runtime(declared, link, machine)
    except PortError as error:
        yield _failed("connection", error)
    finally:
        link.close()


def _failed(name: str, error: PortError, hint: str = "") -> Check:
    return Check(name=name, status="problem", message=str(error), hint=error.hint or hint)


def _examine_tools(done: Finished) -> Iterator[Check]:
    output = done.output.decode(errors="replace")
    entries = [entry.partition(" ")[::2] for entry in output.split("\0") if entry]
    told = dict(entries)
    yield Check(name="kernel", status="ok", message=told.get("kernel", "unknown"))
    if told.get("uid") != "0":
        yield Check(
            name="rights",
            status="problem",
            message="commands do not run as root, which writing files and mounting need",
            hint="log in as root, or set become: sudo in spec.ssh of the Host",
        )
    missing = [value for key, value in entries if key == "missing"]
    if missing:
        yield Check(
            name="tools",
            status="problem",
            message=f"not on the host: {', '.join(missing)}",
            hint="apt-get install coreutils findutils tar util-linux (or what your distribution calls them)",
        )
    else:
        yield Check(name="tools", status="ok", message="tar, find and what else is needed are there")
    if not told.get("runc"):
        yield Check(name="runc", status="warning", message="no runc on the PATH", hint="apt-get install runc")
    else:
        yield Check(name="runc", status="ok", message=told["runc"].removeprefix("runc version "))
    for key, value in entries:
        if key == "disk" and (check := _disk(value)):
            yield check


def _disk(line: str) -> Check | None:
    """Read a line of ``df -P`` with the folder in front."""
    fields = line.split()
    if len(fields) < 7 or not fields[5].rstrip("%").isdecimal():
        return None
    folder, free = fields[0], 100 - int(fields[5].rstrip("%"))
    status: Status = "problem" if free < _DISK_PROBLEM else "warning" if free < _DISK_WARNING else "ok"
    hint = "" if status == "ok" else "make room: old images (crictl rmi --prune) and logs are what grows"
    return Check(name="disk", status=status, message=f"{free} % free for {folder}", hint=hint)


def _examine_facts(declared: Host, link: Link, agent: str, clock: Clock) -> Generator[Check, None, Machine]:
    name, socket_path = declared.metadata.name, declared.spec.runtime_endpoint.removeprefix("unix://")
    before = clock.now()
    done = link.run(host_facts.SCRIPT, *host_facts.arguments(socket_path))
    try:
        facts = host_facts.parse(done.output, host=name, socket_path=socket_path)
    except PortError as error:
        yield _failed("files", error)
        return Machine()
    skew = facts.date - (before + clock.now()) / 2
    status: Status = "problem" if abs(skew) >= _SKEW_PROBLEM else "warning" if abs(skew) >= _SKEW_WARNING else "ok"
    hint = "" if status == "ok" else "let both keep time: systemctl enable --now systemd-timesyncd (or chrony)"
    yield Check(name="clock", status=status, message=f"{abs(skew):.1f} s apart from this machine", hint=hint)
    if facts.machine.kubelet:
        yield Check(
            name="kubelet",
            status="problem",
            message="a kubelet runs on this containerd and removes pods that it does not know",
            hint="take the host out of its cluster (stop and disable the kubelet), or use another host",
        )
    else:
        yield Check(name="kubelet", status="ok", message="none on this containerd")
    yield _owner(facts, name, agent)
    return facts.machine


def _owner(facts: HostFacts, host: str, agent: str) -> Check:
    if facts.owner is None:
        return Check(name="owner", status="ok", message="no agent holds this host")
    try:
        record = parse_owner(facts.owner, host=host)
    except PortError as error:
        return _failed("owner", error)
    if record.agent == agent:
        return Check(name="owner", status="ok", message=f"held by this agent, {agent}")
    return Check(
        name="owner",
        status="problem",
        message=f"held by the agent {record.agent!r}; this one is {agent!r}",
        hint="one host belongs to one fleet: see metadata.name of the Agent",
    )


def _examine_runtime(declared: Host, link: Link, machine: Machine) -> Iterator[Check]:
    host = declared.metadata.name
    runtime = Runtime(link.target)
    try:
        version = runtime.look_version().result()
        yield Check(
            name="containerd", status="ok", message=f"{version.runtime_name} {version.runtime_version} serves CRI v1"
        )
        status = runtime.look_status(verbose=True).result()
        yield from map(condition_check, status.status.conditions)
        yield from plugin_checks(status.info, link)
        config = runtime_config(status.info)
        yield from ability_checks(features(version.runtime_version, status, config, machine), config, machine)
        yield pause_image_check(runtime, config.pause_image)
    except grpc.RpcError as error:
        known = link.failure()
        failure = known if isinstance(known, PortError) else port_error(error, "asking containerd", host=host)
        yield _failed("containerd", failure)
    finally:
        runtime.close()
