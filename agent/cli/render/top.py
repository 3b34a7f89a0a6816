"""What hosts and pods use, as ``kubectl top`` shows it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from agent.cli.render.table import table
from agent.model import labels
from agent.model.observation import Seen
from agent.model.usage import ContainerUsage, Usage
from agent.model.value import Value

_MIB: Final = 1024 * 1024
_NOTHING: Final = ContainerUsage()


class Measured(Value, frozen=True, kw_only=True):
    """A host looked at once and measured twice."""

    host: str
    seen: Seen
    first: Usage
    second: Usage


class Row(Value, frozen=True, kw_only=True):
    """One line: CPU in thousandths of one, memory, and how much of its host that is (0: not known)."""

    name: str
    namespace: str = ""
    container: str = ""
    labels: Mapping[str, str] = {}
    cpu_millis: float = 0.0
    memory_bytes: int = 0
    cpu_of: int = 0
    memory_of: int = 0


def host_rows(measured: Sequence[Measured]) -> list[Row]:
    """Return a line a host."""
    return [
        Row(
            name=each.host,
            cpu_millis=_rate(each, each.second.cpu_seconds - each.first.cpu_seconds),
            memory_bytes=each.second.memory_bytes,
            cpu_of=each.seen.facts.cpu_millis,
            memory_of=each.seen.facts.memory_bytes,
        )
        for each in measured
    ]


def container_rows(measured: Sequence[Measured], agent: str) -> list[Row]:
    """Return a line for each container of our pods that runs, sorted by name."""
    rows = [row for each in measured for row in _containers(each, agent)]
    return sorted(rows, key=lambda row: (row.namespace, row.name, row.container))


def pod_rows(measured: Sequence[Measured], agent: str) -> list[Row]:
    """Return a line a pod of ours, sorted by name."""
    pods: dict[tuple[str, str], list[Row]] = {}
    for row in container_rows(measured, agent):
        pods.setdefault((row.namespace, row.name), []).append(row)
    return [
        Row(
            name=name,
            namespace=namespace,
            labels=rows[0].labels,
            cpu_millis=sum(row.cpu_millis for row in rows),
            memory_bytes=sum(row.memory_bytes for row in rows),
        )
        for (namespace, name), rows in pods.items()
    ]


def _containers(each: Measured, agent: str) -> Iterator[Row]:
    pods = {one.id: one.config for one in each.seen.sandboxes if one.config.labels.get(labels.AGENT) == agent}
    for container in each.seen.containers:
        pod, now = pods.get(container.sandbox_id), each.second.containers.get(container.id)
        if pod is None or now is None or container.state != "running":
            continue
        before = each.first.containers.get(container.id, _NOTHING)
        yield Row(
            name=pod.name,
            namespace=pod.namespace,
            container=container.config.name,
            labels=pod.labels,
            cpu_millis=_rate(each, now.cpu_seconds - before.cpu_seconds) if before is not _NOTHING else 0.0,
            memory_bytes=now.memory_bytes,
        )


def _rate(each: Measured, cpu_seconds: float) -> float:
    passed = each.second.at - each.first.at
    return max(0.0, cpu_seconds) * 1000 / passed if passed > 0 else 0.0


def render(what: str, rows: Sequence[Row], *, namespaces: bool, containers: bool) -> str:
    """Return the table."""
    if what == "hosts":
        shown = [
            (
                row.name,
                _cpu(row),
                _share(row.cpu_millis, row.cpu_of),
                _memory(row),
                _share(row.memory_bytes, row.memory_of),
            )
            for row in rows
        ]
        return "\n".join(table(("NAME", "CPU(cores)", "CPU(%)", "MEMORY(bytes)", "MEMORY(%)"), shown))
    titles = [
        *(["NAMESPACE"] if namespaces else []),
        *(["POD", "NAME"] if containers else ["NAME"]),
        "CPU(cores)",
        "MEMORY(bytes)",
    ]
    lines = [
        [
            *([row.namespace] if namespaces else []),
            row.name,
            *([row.container] if containers else []),
            _cpu(row),
            _memory(row),
        ]
        for row in rows
    ]
    return "\n".join(table(titles, lines))


def _cpu(row: Row) -> str:
    return f"{row.cpu_millis:.0f}m"


def _memory(row: Row) -> str:
    return f"{row.memory_bytes // _MIB}Mi"


def _share(part: float, whole: int) -> str:
    return f"{100 * part / whole:.0f}%" if whole else ""
