"""What a host and its pods use: containerd's numbers of containers, and one shell command for the rest."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import grpc

from agent.hosts.cri.client import Pending, Runtime
from agent.hosts.cri.errors import is_lost, port_error
from agent.hosts.garbled import number, readable
from agent.hosts.link import Link
from agent.hosts.proto import runtime_v1_pb2 as pb
from agent.model.labels import LOGS_DIR, POD_NAME, POD_NAMESPACE, POD_UID, PODS_DIR, PULLED_FILE, SECRETS_DIR
from agent.model.usage import ContainerUsage, Filesystem, Usage
from agent.ports import Temporary

_NANO: Final = 1e-9
_KIB: Final = 1024
# Entries end in NUL, so that no name of a folder can break the reading. du and find follow no symlink, and what takes
# longer than its time limit is left out: a measurement is never worth a busy disk.
_SCRIPT: Final = r"""
export LC_ALL=C
pods=$1 secrets=$2 logs=$3 pulled=$4
printf 'at %s\0' "$(date +%s.%N)"
printf 'ticks %s\0' "$(getconf CLK_TCK)"
read -r cpu </proc/stat
printf 'cpu %s\0' "$cpu"
while read -r key value unit; do
  case $key in
  MemTotal:) printf 'total %s\0' "$value" ;;
  MemAvailable:) printf 'available %s\0' "$value"; break ;;
  esac
done </proc/meminfo
disk() {
  printf 'disk %s %s\n%s\0' "$1" \
    "$(df -kP -- "$2" 2>/dev/null | tail -n 1)" "$(df -iP -- "$2" 2>/dev/null | tail -n 1)"
}
[ -d "$pods" ] && disk pods "$pods"
shift 4
for path; do disk images "$path"; done
for base in "$pods" "$secrets"; do
  set -- "$base"/*/volumes/empty-dir/*
  [ -e "$1" ] && timeout 20 du -s0xk -- "$@" 2>/dev/null | sed -z 's/^/volume /'
done
[ -d "$logs" ] && timeout 10 find "$logs" -mindepth 3 -maxdepth 3 -type f -name '*.log' -printf 'log %s %p\0'
[ -r "$pulled" ] && while read -r image; do printf 'pulled %s\0' "$image"; done <"$pulled"
printf 'end\0'
"""


def measure(link: Link, runtime: Runtime, *, host: str) -> Usage:
    """Measure a host. A container that vanishes meanwhile is left out. Raises PortError."""
    try:
        images = runtime.image_folders()
        with ThreadPoolExecutor(1, thread_name_prefix="trimtab-measure") as worker:
            command = worker.submit(link.run, _SCRIPT, PODS_DIR, SECRETS_DIR, LOGS_DIR, PULLED_FILE, *images[:1])
            stats = _stats(runtime)
            told = command.result()
    except grpc.RpcError as error:
        raise link.failure() or port_error(error, "measure the containers", host=host) from None
    return parse(told.output, stats, host=host)


def sample(link: Link, runtime: Runtime, *, host: str) -> Mapping[str, ContainerUsage]:
    """Ask containerd alone what running containers use, by id. Raises PortError."""
    try:
        return _by_id(_stats(runtime), {})
    except grpc.RpcError as error:
        raise link.failure() or port_error(error, "measure the containers", host=host) from None


def _stats(runtime: Runtime) -> Sequence[pb.ContainerStats]:
    """Ask for all containers at once; where one of them fails the whole list, for each by itself."""
    try:
        return runtime.list_stats()
    except grpc.RpcError as error:
        if is_lost(error):
            raise
    containers = runtime.look_containers().result().containers
    asked = [runtime.look_stats(each.id) for each in containers if each.state == pb.CONTAINER_RUNNING]
    return [answer.stats for pending in asked if (answer := _unless_failed(pending)) is not None]


def _unless_failed(asked: "Pending[pb.ContainerStatsResponse]") -> pb.ContainerStatsResponse | None:
    try:
        return asked.result()
    except grpc.RpcError as error:
        if is_lost(error):
            raise
        return None


def parse(output: bytes, stats: Sequence[pb.ContainerStats], *, host: str) -> Usage:
    """Read what the command printed, beside what containerd told. Raises Temporary when it was cut short."""
    entries = [entry.partition(" ") for entry in output.decode("utf-8", "surrogateescape").split("\0")]
    if not any(name == "end" for name, _, _ in entries):
        raise Temporary(f"{host}: the measurement was cut short")
    one = {name: text for name, _, text in entries}
    total, available = (int(one.get(name, "0")) * _KIB for name in ("total", "available"))
    logs = {path: int(size) for size, path in _pairs(entries, "log", " ")}
    return Usage(
        at=float(one.get("at", "0")),
        cpu_seconds=_busy(one.get("cpu", "")) / int(one.get("ticks") or 100),
        memory_bytes=total - available,
        memory_available=available,
        containers=_by_id(stats, logs),
        volumes={path: int(size) * _KIB for size, path in _pairs(entries, "volume", "\t")},
        images=_disk(entries, "images"),
        pods=_disk(entries, "pods"),
        pulled=tuple(sorted({text for name, _, text in entries if name == "pulled"})),
    )


_Entries = Sequence[tuple[str, str, str]]


def _pairs(entries: _Entries, name: str, between: str) -> Iterator[tuple[str, str]]:
    for kind, _, text in entries:
        size, found, path = text.partition(between)
        if kind == name and found and size.isdecimal():
            yield size, path


def _busy(line: str) -> int:
    """Add up the first line of /proc/stat but for idle and iowait; guests are counted as user time already."""
    ticks = [int(each) for each in line.split()[1:] if each.isdecimal()]
    return sum(ticks[:3]) + sum(ticks[5:8])


def _by_id(stats: Sequence[pb.ContainerStats], logs: Mapping[str, int]) -> Mapping[str, ContainerUsage]:
    return {each.attributes.id: _container(each, logs) for each in stats if each.attributes.id}


def _container(stats: pb.ContainerStats, logs: Mapping[str, int]) -> ContainerUsage:
    attributes = stats.attributes
    labels, metadata = attributes.labels, attributes.metadata
    pod = "_".join(labels.get(key, "") for key in (POD_NAMESPACE, POD_NAME, POD_UID))
    return ContainerUsage(
        at=stats.cpu.timestamp * _NANO,
        cpu_seconds=stats.cpu.usage_core_nano_seconds.value * _NANO,
        memory_bytes=stats.memory.working_set_bytes.value,
        log_bytes=logs.get(f"{LOGS_DIR}/{pod}/{metadata.name}/{metadata.attempt}.log", 0),
        writable_bytes=stats.writable_layer.used_bytes.value,
    )


def _disk(entries: _Entries, which: str) -> Filesystem | None:
    """Read two lines of ``df -P``: blocks, then inodes; each ends in where the filesystem is mounted."""
    told = next((text[len(which) + 1 :] for name, _, text in entries if name == "disk" and text.startswith(which)), "")
    blocks, _, inodes = told.partition("\n")
    sizes, counts = blocks.split(None, 5), inodes.split(None, 5)
    if len(sizes) < 6 or not all(each.isdecimal() for each in sizes[1:4]):
        return None
    of_inodes = [number(each) if each.isdecimal() else 0 for each in (*counts[1:3], "0", "0")[:2]]
    return Filesystem(
        path=readable(sizes[5]),
        size_bytes=number(sizes[1]) * _KIB,
        used_bytes=number(sizes[2]) * _KIB,
        available_bytes=number(sizes[3]) * _KIB,
        inodes=of_inodes[0],
        inodes_used=of_inodes[1],
    )
