"""What a pod sees of the network: its names, name servers and the namespaces of the host."""

from typing import Final

from agent.manifests.checks.addresses import check_address
from agent.manifests.finding import Finding, Findings, Steps
from agent.model.objects.pod import DnsConfig, PodSpec

_MAX_SERVERS: Final = 3
_MAX_SEARCHES: Final = 32
_MAX_SEARCH_CHARACTERS: Final = 2048
_MAX_HOSTNAME: Final = 64


def check_network(spec: PodSpec, at: Steps) -> Findings:
    """Yield what is wrong with a pod's names, name servers and namespaces."""
    config = spec.dns_config
    if spec.dns_policy == "None" and not (config and config.nameservers):
        message = "without the host's name servers (`dnsPolicy: None`) the pod needs some of its own"
        yield Finding((*at, "dnsPolicy"), "bad-value", message, "write dnsConfig.nameservers")
    if config:
        yield from _dns(config, (*at, "dnsConfig"))
    for index, alias in enumerate(spec.host_aliases):
        yield from check_address(alias.ip, (*at, "hostAliases", index, "ip"))
    yield from _hostname(spec, at)
    yield from _namespaces(spec, at)


def _dns(config: DnsConfig, at: Steps) -> Findings:
    if len(config.nameservers) > _MAX_SERVERS:
        message = f"a resolver asks at most {_MAX_SERVERS} name servers, these are {len(config.nameservers)}"
        yield Finding((*at, "nameservers"), "bad-value", message, at_key=True)
    for index, server in enumerate(config.nameservers):
        yield from check_address(server, (*at, "nameservers", index))
    characters = len(" ".join(config.searches))
    if len(config.searches) > _MAX_SEARCHES or characters > _MAX_SEARCH_CHARACTERS:
        message = (
            f"at most {_MAX_SEARCHES} domains with {_MAX_SEARCH_CHARACTERS} characters are searched, "
            f"these are {len(config.searches)} with {characters}"
        )
        yield Finding((*at, "searches"), "bad-value", message, at_key=True)


def _hostname(spec: PodSpec, at: Steps) -> Findings:
    name, place = spec.hostname_override, (*at, "hostnameOverride")
    if not name:
        return
    if len(name) > _MAX_HOSTNAME:
        yield Finding(place, "bad-value", f"a host name has at most {_MAX_HOSTNAME} characters, this one {len(name)}")
    if spec.host_network:
        yield Finding(place, "bad-value", "a pod on the host's network has the host's name", at_key=True)
    if spec.set_hostname_as_fqdn:
        message = "`hostnameOverride` and `setHostnameAsFQDN` both say what the host name is"
        yield Finding(place, "one-of", message, at_key=True, also=(*at, "setHostnameAsFQDN"))


def _namespaces(spec: PodSpec, at: Steps) -> Findings:
    if spec.share_process_namespace and spec.host_pid:
        message = "the containers see the host's processes (`hostPID`), so there is none of their own to share"
        yield Finding((*at, "shareProcessNamespace"), "bad-value", message, at_key=True, also=(*at, "hostPID"))
    if spec.host_users is False:
        for shared, name in (
            (spec.host_network, "hostNetwork"),
            (spec.host_pid, "hostPID"),
            (spec.host_ipc, "hostIPC"),
        ):
            if shared:
                message = f"`{name}` needs the host's users, which `hostUsers: false` takes away"
                yield Finding((*at, name), "bad-value", message, at_key=True, also=(*at, "hostUsers"))
