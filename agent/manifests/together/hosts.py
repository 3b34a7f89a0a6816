"""The hosts of a fleet: that there are some, and that no machine is two of them."""

from collections.abc import Iterator

from agent.manifests.presentable import WHOLE_SOURCE
from agent.manifests.together.index import Index
from agent.model.objects.host import Host
from agent.model.origin import Location
from agent.model.problem import Problem

_SSH_PORT = 22


def check_any_host(index: Index) -> Iterator[Problem]:
    """Yield that a source without any Host has nowhere to run."""
    if not index.all_hosts:
        hint = "declare each machine as a Host; `trimtab host add USER@ADDRESS` writes one"
        yield Problem(
            location=Location(file=WHOLE_SOURCE), rule="no-host", message="the source declares no Host", hint=hint
        )


def check_same_machine(index: Index) -> Iterator[Problem]:
    """Yield hosts that are reached at the very address of another one."""
    first: dict[tuple[object, ...], tuple[str, Location]] = {}
    for entry, host in index.hosts:
        machine, shown, path = _machine(host)
        name, location = first.setdefault(machine, (host.metadata.name, entry.location))
        if name != host.metadata.name:
            yield Problem(
                location=entry.location,
                rule="duplicate-host",
                message=f"{shown} is Host {name} already, declared at {location}",
                object=str(entry.key),
                path=path,
                hint="one machine is one Host",
                related=(location,),
            )


def _machine(host: Host) -> tuple[tuple[object, ...], str, str]:
    ssh = host.spec.ssh
    if ssh is None:
        return ("local",), "the agent's own machine", "spec.local"
    port = ssh.port or _SSH_PORT
    jump = (ssh.jump.address, ssh.jump.port) if ssh.jump else None
    return (ssh.address, port, jump), f"{ssh.address} port {port}", "spec.ssh.address"
