"""What one shell command tells of a host: its size and clock, its owner, and trimtab's files on it.

A fact is a command and how to read what it prints. Entries end in NUL, so no name can break the reading.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from agent.hosts import machine, marks
from agent.hosts.machine import Machine
from agent.model.files import FileSeen
from agent.model.labels import OWNER_FILE, PODS_DIR, SECRETS_DIR, VOLUMES_DIR
from agent.model.value import Value
from agent.model.volumes import VolumeSeen
from agent.ports import Permanent, Temporary

# Programs that hold a kubelet. Those of k3s and its like have a containerd of their own, which is only ours to refuse
# when it is the one that we are told to use; the same goes for a kubelet that names another runtime.
_KUBELETS: Final = "kubelet|kubelite|k3s|k3s-server|k3s-agent|rke2"

SCRIPT: Final = (
    r"""
export LC_ALL=C
pods=$1 secrets=$2 owner=$3 socket=$4 volumes=$5 machine=$6
printf 'date %s\0' "$(date +%s.%N)"
read -r boot </proc/sys/kernel/random/boot_id && printf 'boot %s\0' "$boot"
printf 'cpus %s\0' "$(nproc)"
while read -r key value unit; do
  case $key in MemTotal:) printf 'memory %s\0' "$value"; break ;; esac
done </proc/meminfo
if [ -n "$machine" ]; then
@MACHINE@
fi
for comm in $(grep -lsxE '@KUBELETS@' /proc/[0-9]*/comm); do
  process=${comm%/comm}
  here=$(readlink /proc/self/ns/mnt) there=$(readlink "$process/ns/mnt")
  [ -n "$there" ] && [ "$here" != "$there" ] && continue
  printf 'kubelet %s\0' "$(tr '\0' ' ' <"$process/cmdline" | head -c 4000)"
  grep -shE '^[[:space:]]*containerRuntimeEndpoint:' /var/lib/kubelet/config.yaml | head -n 1 |
    { read -r _ endpoint && printf 'kubelet-endpoint %s\0' "$endpoint"; }
done
if [ -e "$owner" ]; then
  if [ -r "$owner" ]; then printf 'owner %s\0' "$(head -c 4096 "$owner")"; else printf 'denied %s\0' "$owner"; fi
fi
set --
for base in "$pods" "$secrets"; do
  [ -d "$base" ] || continue
  if ! [ -r "$base" ] || ! [ -x "$base" ]; then printf 'denied %s\0' "$base"; continue; fi
  find "$base" -mindepth 1 -maxdepth 1 -type d -printf 'pod %f\0'
  for tree in "$base"/*/volumes/configmap "$base"/*/volumes/secret "$base"/*/volumes/downward-api \
    "$base"/*/volumes/projected; do
    [ -d "$tree" ] && [ ! -L "$tree" ] && set -- "$@" "$tree"
  done
  for file in "$base"/*/etc-hosts; do [ -f "$file" ] && [ ! -L "$file" ] && set -- "$@" "$file"; done
done
@MARKS@
while read -r _ _ _ _ path _; do
  case $path in "$pods"/* | "$secrets"/*) printf 'mount %b\0' "$path" ;; esac
done </proc/self/mountinfo
if [ $# -gt 0 ]; then
  find "$@" \( -type l -printf 'link %p\0to %l\0' \) -o \( -type f -printf 'file %m %p\0' \)
  printf 'sums\0'
  find "$@" -type f -size -8192k -exec sha256sum -z {} +
fi
printf 'end\0'
""".replace("@KUBELETS@", _KUBELETS)
    .replace("@MACHINE@", machine.SCRIPT)
    .replace("@MARKS@", marks.SCRIPT)
)

_SUM: Final = re.compile(r"([0-9a-f]{64})  ?\*?(/.*)", re.DOTALL)


class HostFacts(Value, frozen=True, kw_only=True):
    """What the command told."""

    date: float = 0.0
    boot_id: str = ""
    cpus: int = 0
    memory_bytes: int = 0
    owner: str | None = None
    """The owner record as it is written; None where there is none. Holds the fleet's key: never show it."""
    pod_dirs: tuple[str, ...] = ()
    files: Mapping[str, FileSeen] = {}
    mounts: tuple[str, ...] = ()
    """Where something is mounted below the pods' folders."""
    volumes: tuple[VolumeSeen, ...] = ()
    machine: Machine = Machine()
    kubelet: str = ""
    """The command line of a kubelet on this containerd; empty where there is none."""

    def __repr__(self) -> str:
        return f"HostFacts(boot_id={self.boot_id}, files={len(self.files)})"


def arguments(socket_path: str, *, machine: bool = True) -> tuple[str, ...]:
    """Return what the script is run with; ``machine`` asks for what hardly ever changes, too."""
    return (PODS_DIR, SECRETS_DIR, OWNER_FILE, socket_path, VOLUMES_DIR, "machine" if machine else "")


def parse(output: bytes, *, host: str, socket_path: str) -> HostFacts:
    """Read what the script printed. Raises Temporary when it was cut short, Permanent when rights are missing."""
    entries = output.decode("utf-8", "surrogateescape").split("\0")
    if entries[-2:] != ["end", ""]:
        raise Temporary(f"{host}: what the host says about its files was cut short")
    try:
        return _read(entries[:-2], host, socket_path)
    except ValueError:
        raise Temporary(f"{host}: what the host says about its files cannot be read") from None


def _read(entries: Sequence[str], host: str, socket_path: str) -> HostFacts:
    split = entries.index("sums") if "sums" in entries else len(entries)
    plain: dict[str, str] = {}
    pods: set[str] = set()
    kubelets: list[str] = []
    mounts: set[str] = set()
    files: dict[str, FileSeen] = {}
    waiting = iter(entries[:split])
    sums = dict(_parse_sum(entry) for entry in entries[split + 1 :])
    for entry in waiting:
        kind, _, rest = entry.partition(" ")
        match kind:
            case "pod":
                pods.add(rest)
            case "kubelet":
                kubelets.append(rest)
            case "link":
                files[rest] = FileSeen(link=next(waiting, "").removeprefix("to "))
            case "mount":
                mounts.add(rest)
            case "file":
                mode, _, path = rest.partition(" ")
                files[path] = FileSeen(sha256=sums.get(path, ""), mode=int(mode, 8))
            case "denied":
                raise Permanent(
                    f"{host}: the SSH user may not read {rest}",
                    hint="log in as root, or set become: sudo in spec.ssh of the Host",
                )
            case _:
                plain[kind] = rest
    return HostFacts(
        date=float(plain.get("date") or 0),
        boot_id=plain.get("boot", ""),
        cpus=int(plain.get("cpus") or 0),
        memory_bytes=int(plain.get("memory") or 0) * 1024,
        owner=plain.get("owner"),
        pod_dirs=tuple(sorted(pods)),
        files=dict(sorted(files.items())),
        mounts=tuple(sorted(mounts)),
        volumes=marks.parse(entries[:split]),
        machine=machine.parse(entries[:split]),
        kubelet=_kubelet_on(socket_path, kubelets, plain.get("kubelet-endpoint", "")),
    )


def _parse_sum(entry: str) -> tuple[str, str]:
    match = _SUM.fullmatch(entry)
    return (match[2], match[1]) if match else ("", "")


def _kubelet_on(socket_path: str, commands: list[str], configured: str) -> str:
    """Return the command line of the kubelet that uses our socket, if one does.

    A kubelet that names no endpoint is taken to use it: refusing wrongly is repaired by hand, its removing our pods
    is not.
    """
    for command in commands:
        found = re.search(r"--container-runtime-endpoint[= ](\S+)", command)
        endpoint = found[1] if found else configured
        own_containerd = re.search(r"k3s|rke2|kubelite", command.split(" ", 1)[0])
        if own_containerd and not endpoint:
            if re.search(r"/(k3s|rke2|snap/microk8s|microk8s)/", socket_path):
                return command
            continue
        if not endpoint or endpoint.strip("\"'").removeprefix("unix://") == socket_path:
            return command
    return ""
