"""The /etc/hosts of a pod."""

from collections.abc import Sequence

from agent.model.value import Value


class HostsEntry(Value, frozen=True, kw_only=True):
    """What a pod calls itself, and the further lines that it asks for: (ip, names)."""

    hostname: str = ""
    domain: str = ""
    aliases: tuple[tuple[str, tuple[str, ...]], ...] = ()
    of_host: str | None = None
    """The host's own file, which a pod in the host's network sees; None in a network of its own."""


def etc_hosts(entry: HostsEntry, ips: Sequence[str]) -> str:
    """Return the file's content, in a kubelet's layout."""
    own = _of_pod(entry, ips) if entry.of_host is None else [entry.of_host.rstrip("\n")]
    lines = ["# Managed by trimtab: what is written here is overwritten.", *own]
    if entry.aliases:
        lines += [
            "",
            "# Entries added by hostAliases.",
            *(f"{ip}\t{chr(9).join(hosts)}" for ip, hosts in entry.aliases),
        ]
    return "\n".join(lines) + "\n"


def _of_pod(entry: HostsEntry, ips: Sequence[str]) -> list[str]:
    names = f"{entry.hostname}.{entry.domain}\t{entry.hostname}" if entry.domain else entry.hostname
    return [
        "127.0.0.1\tlocalhost",
        "::1\tlocalhost ip6-localhost ip6-loopback",
        "fe00::\tip6-localnet",
        "fe00::\tip6-mcastprefix",
        "fe00::1\tip6-allnodes",
        "fe00::2\tip6-allrouters",
        *(f"{ip}\t{names}" for ip in ips),
    ]
