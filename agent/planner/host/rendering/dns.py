"""The resolv.conf of a pod, where it asks for another than the host's."""

from collections.abc import Iterable, Sequence
from typing import Final

from agent.model.cri import Dns
from agent.model.objects.pod import DnsConfig, PodSpec

_MOST_SERVERS: Final = 3
_MOST_SEARCHES: Final = 32
_LONGEST_SEARCHES: Final = 2048


def pod_dns(spec: PodSpec, resolv_conf: str) -> Dns | None:
    """Return a pod's resolver configuration; None lets the runtime copy the host's.

    There is no DNS of a cluster here: ``ClusterFirst`` is ``Default``. As under a kubelet, what is too many is cut.
    """
    asked = spec.dns_config
    if spec.dns_policy == "None":
        return _bounded(_with(Dns(), asked or DnsConfig()))
    return None if asked is None else _bounded(_with(parse_resolv_conf(resolv_conf), asked))


def parse_resolv_conf(text: str) -> Dns:
    """Read a resolv.conf; the last ``search`` counts, as for the resolver."""
    servers, searches, options = [], list[str](), list[str]()
    for line in text.splitlines():
        words = line.split("#")[0].split(";")[0].split()
        match words:
            case ["nameserver", server, *_]:
                servers.append(server)
            case ["search" | "domain", *domains]:
                searches = domains
            case ["options", *found]:
                options += found
    return Dns(servers=tuple(servers), searches=tuple(searches), options=tuple(options))


def _with(host: Dns, asked: DnsConfig) -> Dns:
    own = [one.name if one.value is None else f"{one.name}:{one.value}" for one in asked.options]
    named = {one.name for one in asked.options}
    return Dns(
        servers=_once((*host.servers, *asked.nameservers)),
        searches=_once((*host.searches, *asked.searches)),
        options=_once((*(one for one in host.options if one.partition(":")[0] not in named), *own)),
    )


def _once(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))


def _bounded(dns: Dns) -> Dns:
    return Dns(servers=dns.servers[:_MOST_SERVERS], searches=_fitting(dns.searches), options=dns.options)


def _fitting(searches: Sequence[str]) -> tuple[str, ...]:
    kept: list[str] = []
    for domain in searches[:_MOST_SEARCHES]:
        if len(" ".join((*kept, domain))) > _LONGEST_SEARCHES:
            break
        kept.append(domain)
    return tuple(kept)
