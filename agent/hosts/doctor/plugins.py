"""The doctor's line on CNI plugins: containerd calls a network ready whose programs it would not find."""

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from agent.hosts.doctor.check import Check
from agent.hosts.garbled import UNREADABLE
from agent.hosts.link import Link
from agent.model.typed import decoder

# Arguments: how many folders, the folders, then the plugins; prints those that are in none of the folders.
_MISSING = r"""
count=$1
shift
folders=
while [ "$count" -gt 0 ]; do folders="$folders${folders:+:}$1" count=$((count - 1)); shift; done
IFS=:
for plugin; do
  found=
  for folder in $folders; do [ ! -x "$folder/$plugin" ] || found=1; done
  [ -n "$found" ] || printf '%s\n' "$plugin"
done
"""


class _Ipam(msgspec.Struct):
    type: str = ""


class _Plugin(msgspec.Struct):
    type: str
    ipam: _Ipam = msgspec.field(default_factory=_Ipam)


class _Entry(msgspec.Struct, rename="pascal"):
    network: _Plugin


class _List(msgspec.Struct, rename="pascal"):
    plugins: list[_Entry] = []


class _Network(msgspec.Struct, rename="pascal"):
    config: _List


class _Cni(msgspec.Struct, rename="pascal"):
    plugin_dirs: list[str] = []
    networks: list[_Network] = []


def plugin_checks(info: Mapping[str, str], link: Link) -> Iterator[Check]:
    """Yield a problem when a plugin that containerd's network is made of is not where containerd looks for it."""
    folders, plugins = _told(info)
    if not folders or not plugins:
        return
    missing = link.run(_MISSING, str(len(folders)), *folders, *plugins).output.decode(errors="replace").split()
    if missing:
        yield Check(
            name="network plugins",
            status="problem",
            message=f"{', '.join(missing)}: not in {', '.join(folders)}, where containerd looks for them",
            hint="install containernetworking-plugins; Debian and Ubuntu put them into /usr/lib/cni: name it in "
            "containerd's configuration (bin_dirs, up to 1.7 bin_dir)",
        )


_CNI: Final = decoder(_Cni)


def _told(info: Mapping[str, str]) -> tuple[list[str], list[str]]:
    try:
        told = _CNI.decode(info.get("cniconfig", "{}"))
    except UNREADABLE:
        return [], []
    entries = [entry.network for network in told.networks for entry in network.config.plugins]
    return told.plugin_dirs, sorted({name for each in entries for name in (each.type, each.ipam.type) if name})
