"""What a pod calls itself: its hostname, its domain, its /etc/hosts."""

from typing import Final

from agent.model.etc_hosts import HostsEntry
from agent.model.objects.meta import PodKey
from agent.model.objects.pod import PodSpec

_DOMAIN: Final = "svc.cluster.local"
_LONGEST: Final = 63


def hostname(key: PodKey, spec: PodSpec) -> str:
    """Return what the kernel calls a pod: empty in the host's network, whose own name is seen."""
    if spec.host_network:
        return ""
    name, domain = _names(key, spec)
    return f"{name}.{domain}" if spec.set_hostname_as_fqdn and domain else name


def hosts_entry(key: PodKey, spec: PodSpec, of_host: str | None) -> HostsEntry | None:
    """Return what a pod's /etc/hosts says; None where it is the host's own, with nothing added."""
    aliases = tuple((alias.ip, alias.hostnames) for alias in spec.host_aliases)
    if spec.host_network:
        return HostsEntry(aliases=aliases, of_host=of_host or "") if aliases else None
    name, domain = _names(key, spec)
    return HostsEntry(hostname=name, domain=domain, aliases=aliases)


def _names(key: PodKey, spec: PodSpec) -> tuple[str, str]:
    if spec.hostname_override is not None:
        return _cut(spec.hostname_override), ""
    domain = f"{spec.subdomain}.{key.namespace}.{_DOMAIN}" if spec.subdomain else ""
    return _cut(spec.hostname or key.name), domain


def _cut(name: str) -> str:
    return name[:_LONGEST].rstrip("-.")
