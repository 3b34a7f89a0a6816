"""From a Host object to a host that can be looked at."""

from functools import partial

from agent.hosts.host import ContainerdHost
from agent.hosts.link import Link
from agent.hosts.local import LocalLink
from agent.hosts.ssh.config import resolve
from agent.hosts.ssh.connect import scan_key as _scan_key
from agent.hosts.ssh.link import SshLink
from agent.hosts.ssh.trust import HostKey
from agent.model.objects.agent import SshDefaults
from agent.model.objects.host import Host, Ssh
from agent.model.plan import FingerprintKey
from agent.ports import Clock, Permanent


def connect(
    declared: Host,
    defaults: SshDefaults,
    agent: str,
    *,
    claim: FingerprintKey | None,
    clock: Clock,
    parallel: int | None = None,
) -> ContainerdHost:
    """Return a host, not connected yet: the first look connects.

    ``claim`` is the fleet's key for a host that nobody holds yet; None for whoever only looks. ``parallel`` actions are
    done at once; None for what its CPUs can do.
    """
    name = declared.metadata.name
    socket_path = declared.spec.runtime_endpoint.removeprefix("unix://")
    return ContainerdHost(
        name,
        socket_path,
        partial(open_link, declared, defaults),
        agent=agent,
        claim=claim,
        clock=clock,
        parallel=parallel,
    )


def open_link(declared: Host, defaults: SshDefaults) -> Link:
    """Connect to a host. Raises PortError."""
    name, spec = declared.metadata.name, declared.spec
    socket_path = spec.runtime_endpoint.removeprefix("unix://")
    if not socket_path.startswith("/"):
        raise Permanent(f"{name}: runtimeEndpoint {spec.runtime_endpoint!r} is not unix:///PATH")
    if spec.local:
        return LocalLink(name, socket_path)
    if spec.ssh is None:
        raise Permanent(f"{name}: the Host has neither ssh nor local: true", hint="say how it is reached: spec.ssh")
    return SshLink(resolve(name, spec.ssh, defaults), socket_path, become=spec.ssh.become)


def scan_key(address: str, port: int | None = None, defaults: SshDefaults | None = None) -> HostKey:
    """Return the key that a host shows, without trusting it. Raises PortError."""
    return _scan_key(resolve(address, Ssh(address=address, port=port), defaults or SshDefaults()))
