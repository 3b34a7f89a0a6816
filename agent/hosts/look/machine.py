"""What the facts' command tells of the machine itself, and what hardly ever changes: its size, addresses, features."""

import re
from collections.abc import Mapping, Sequence
from ipaddress import IPv6Address, ip_address
from typing import Final, Literal

from agent.hosts.garbled import number, readable
from agent.hosts.look import kubelets
from agent.model.value import Value

# A part of the facts' script. With sudo the address that we came to is in its own environment, not in ours. Interfaces
# of container networks are not where the host is reached. A resolver on the host's own loopback is none for pods: what
# it asks itself stands beside it.
SCRIPT: Final = (
    r"""
printf 'cpus %s\0' "$(nproc)"
while read -r key value unit; do
  case $key in MemTotal:) printf 'memory %s\0' "$value"; break ;; esac
done </proc/meminfo
reached=${SSH_CONNECTION-}
[ -n "$reached" ] || [ -z "${SUDO_USER-}" ] ||
  reached=$(tr '\0' '\n' <"/proc/$PPID/environ" | sed -n 's/^SSH_CONNECTION=//p')
printf 'reached %s\0' "$reached"
ip -o addr show scope global 2>/dev/null | while read -r _ interface _ address rest; do
  case $interface in cni* | veth* | docker* | br-* | virbr* | cali* | flannel* | nerdctl*) continue ;; esac
  case $rest in *temporary* | *deprecated* | *tentative* | *dadfailed*) continue ;; esac
  printf 'address %s\0' "${address%/*}"
done
[ -e /sys/fs/cgroup/cgroup.controllers ] && printf 'cgroup 2\0'
[ -d /run/systemd/system ] && printf 'systemd\0'
[ -e /sys/fs/selinux/enforce ] && printf 'selinux\0'
{ read -r apparmor </sys/module/apparmor/parameters/enabled && printf 'apparmor %s\0' "$apparmor"; } 2>/dev/null
for size in /sys/kernel/mm/hugepages/hugepages-*kB; do
  { read -r count <"$size/nr_hugepages" && printf 'hugepages %s %s\0' "${size##*hugepages-}" "$count"; } 2>/dev/null
done
for file in "$pods" "${pods%/*}" /var/lib /; do [ -d "$file" ] && break; done
printf 'storage %s\0' "$(stat -f -c '%S %b' -- "$file")"
file=/etc/resolv.conf
grep -qs '^nameserver 127\.0\.0\.5[34]' $file && [ -r /run/systemd/resolve/resolv.conf ] &&
  file=/run/systemd/resolve/resolv.conf
[ -r $file ] && printf 'resolv %s\0' "$(head -c 8192 $file)"
[ -r /etc/hosts ] && [ "$(wc -c </etc/hosts)" -le 32768 ] && printf 'hosts %s\0' "$(cat /etc/hosts)"
"""
    + kubelets.SCRIPT
)

_MOST_ADDRESSES: Final = 16
_UNITS: Final = ((1 << 30, "Gi"), (1 << 20, "Mi"), (1 << 10, "Ki"))


class Machine(Value, frozen=True, kw_only=True):
    """What the command told of the machine; fields as in ``RuntimeFacts``."""

    cpus: int = 0
    memory_bytes: int = 0
    addresses: tuple[str, ...] = ()
    cgroup_version: Literal[1, 2] = 1
    resolv_conf: str = ""
    etc_hosts: str | None = None
    hugepages: Mapping[str, int] = {}
    storage_bytes: int = 0
    apparmor: bool = False
    selinux: bool = False
    systemd: bool = False
    kubelet: str = ""
    """The command line of a kubelet on this containerd; empty where there is none."""


def parse(entries: Sequence[str], socket_path: str) -> Machine:
    """Read the entries of the command that are about the machine; others are passed over."""
    reached: list[str] = []
    addresses: list[str] = []
    hugepages: dict[str, int] = {}
    plain: dict[str, str] = {}
    for entry in entries:
        kind, _, rest = entry.partition(" ")
        match kind:
            case "reached":
                reached = rest.split(" ")[2:3]
            case "address":
                addresses.append(rest)
            case "hugepages":
                hugepages.update(_hugepages(rest))
            case _:
                plain[kind] = rest
    return Machine(
        cpus=number(plain.get("cpus") or "0"),
        memory_bytes=number(plain.get("memory") or "0") * 1024,
        addresses=_usable([*reached, *addresses]),
        cgroup_version=2 if plain.get("cgroup") == "2" else 1,
        resolv_conf=readable(plain.get("resolv", "")),
        etc_hosts=readable(plain["hosts"]) if "hosts" in plain else None,
        hugepages=dict(sorted(hugepages.items())),
        storage_bytes=_product(plain.get("storage", "")),
        apparmor=plain.get("apparmor") == "Y",
        selinux="selinux" in plain,
        systemd="systemd" in plain,
        kubelet=kubelets.parse(entries, socket_path),
    )


def _usable(addresses: Sequence[str]) -> tuple[str, ...]:
    """Return addresses that others can reach the host at, each once, in their order."""
    usable: dict[str, None] = {}
    for text in addresses:
        try:
            address = ip_address(text.partition("%")[0])
        except ValueError:
            continue
        if isinstance(address, IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        if not (address.is_loopback or address.is_link_local or address.is_unspecified):
            usable[str(address)] = None
    return tuple(usable)[:_MOST_ADDRESSES]


def _hugepages(text: str) -> Mapping[str, int]:
    """Read ``2048kB 512``: the size of a page, and how many there are."""
    match = re.fullmatch(r"([0-9]{1,8})kB ([0-9]{1,7})", text)
    if not match or match[2] == "0":
        return {}
    size = int(match[1]) << 10
    amount, unit = next(((size // scale, unit) for scale, unit in _UNITS if size % scale == 0), (size, ""))
    return {f"hugepages-{amount}{unit}": size * int(match[2])}


def _product(text: str) -> int:
    parts = text.split(" ")
    return number(parts[0]) * number(parts[1]) if len(parts) == 2 and all(part.isdigit() for part in parts) else 0
