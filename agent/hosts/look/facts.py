"""What one shell command tells of a host: its clock, its owner, trimtab's files on it, and the machine itself.

A fact is a command and how to read what it prints. Entries end in NUL, so no name can break the reading.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from agent.hosts.garbled import readable
from agent.hosts.look import machine, marks
from agent.hosts.look.machine import Machine
from agent.model.files import FileSeen
from agent.model.labels import OWNER_FILE, PODS_DIR, SECRETS_DIR, VOLUMES_DIR
from agent.model.value import Value
from agent.model.volumes import VolumeSeen
from agent.ports import Permanent, Temporary

SCRIPT: Final = r"""
export LC_ALL=C
pods=$1 secrets=$2 owner=$3 socket=$4 volumes=$5 machine=$6
printf 'date %s\0' "$(date +%s.%N)"
read -r boot </proc/sys/kernel/random/boot_id && printf 'boot %s\0' "$boot"
if [ -n "$machine" ]; then
@MACHINE@
fi
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
# A shell reads a byte at a time, and a host of many containers has many mounts: those of pods' folders only.
grep -F -e " $pods/" -e " $secrets/" /proc/self/mountinfo | while read -r _ _ _ _ path _; do
  case $path in "$pods"/* | "$secrets"/*) printf 'mount %b\0' "$path" ;; esac
done
if [ $# -gt 0 ]; then
  find "$@" \( -type l -printf 'link %p\0to %l\0' \) -o \( -type f -printf 'file %m %p\0' \)
  printf 'sums\0'
  find "$@" -type f -size -8192k -exec sha256sum -z {} +
fi
printf 'end\0'
""".replace("@MACHINE@", machine.SCRIPT).replace("@MARKS@", marks.SCRIPT)

_SUM: Final = re.compile(r"([0-9a-f]{64})  ?\*?(/.*)", re.DOTALL)


class HostFacts(Value, frozen=True, kw_only=True):
    """What the command told."""

    date: float = 0.0
    boot_id: str = ""
    owner: str | None = None
    """The owner record as it is written; None where there is none. Holds the fleet's key: never show it."""
    pod_dirs: tuple[str, ...] = ()
    files: Mapping[str, FileSeen] = {}
    mounts: tuple[str, ...] = ()
    """Where something is mounted below the pods' folders."""
    volumes: tuple[VolumeSeen, ...] = ()
    machine: Machine = Machine()
    """Empty where the command was not asked for it."""

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
    mounts: set[str] = set()
    files: dict[str, FileSeen] = {}
    waiting = iter(entries[:split])
    sums = dict(_parse_sum(entry) for entry in entries[split + 1 :])
    for entry in waiting:
        kind, _, rest = entry.partition(" ")
        match kind:
            case "pod":
                pods.add(rest)
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
        boot_id=readable(plain.get("boot", "")),
        owner=plain.get("owner"),
        pod_dirs=tuple(sorted(pods)),
        files=dict(sorted(files.items())),
        mounts=tuple(sorted(mounts)),
        volumes=marks.parse(entries[:split]),
        machine=machine.parse(entries[:split], socket_path),
    )


def _parse_sum(entry: str) -> tuple[str, str]:
    match = _SUM.fullmatch(entry)
    return (match[2], match[1]) if match else ("", "")
