"""``trimtab simulate``: what would happen, for a person to read."""

from collections.abc import Iterator, Mapping
from typing import Final

from agent.cli.render.escape import printable, shortened
from agent.cli.render.paint import Paint, Role
from agent.cli.render.simulation_words import summary
from agent.cli.render.table import table
from agent.cli.render.words import counted, waits
from agent.model.duration import format_duration
from agent.model.objects.meta import ObjectKey
from agent.simulator.whatif import (
    ACTION_SECONDS,
    CPU_MILLIS,
    MEMORY_BYTES,
    NOMINAL,
    Answer,
    Entry,
    Peak,
    Standing,
)
from agent.simulator.whatif.answer import What

_NAMED: Final = 3
_HOSTS: Final = 12
_GIB: Final = 1 << 30
_SIGNS: Final[Mapping[What, tuple[str, Role]]] = {
    "event": ("!", "strong"),
    "held": ("?", "bad"),
    "rollout": (">", "strong"),
    "rolled-out": (">", "good"),
    "lost": ("x", "bad"),
    "waiting": ("…", "bad"),
    "placed": ("…", "good"),
    "created": ("+", "create"),
    "replaced": ("±", "replace"),
    "restarted": ("↻", "restart"),
    "updated": ("~", "update"),
    "removed": ("-", "remove"),
    "job": (">", "strong"),
    "short": ("▼", "bad"),
    "enough": ("▲", "good"),
}


def render(answer: Answer, paint: Paint) -> str:
    """Return the whole answer: how it began, the timeline, availability, hosts, what waits in the end."""
    parts = [_beginning(answer), *_timeline(answer, paint), "", *_availability(answer, paint), "", *_hosts(answer)]
    if answer.waiting:
        end = answer.start + answer.seconds
        parts += ["", "Still waits in the end:", *(f"  {waits(one, end)}" for one in answer.waiting[:20])]
        if len(answer.waiting) > 20:
            parts.append(f"  and {len(answer.waiting) - 20} more")
    return "\n".join([*parts, "", paint(summary(answer), "bad" if answer.broken else "good")])


def _beginning(answer: Answer) -> str:
    hosts = counted(len(answer.peaks), "host")
    if answer.rested is None:
        return f"{hosts}; not at rest within 10m of the beginning. Time counts from then."
    if answer.rested == 0:
        return f"{hosts}, as they are now."
    return f"{hosts}, empty; at rest after {format_duration(answer.rested)}. Time counts from then."


def _timeline(answer: Answer, paint: Paint) -> Iterator[str]:
    if not answer.timeline:
        yield "Nothing happens."
        return
    yield ""
    for entry in answer.timeline:
        sign, role = _SIGNS[entry.what]
        yield f"{_clock(entry.at):>8}  {paint(sign, role)} {_sentence(entry)}"


def _sentence(entry: Entry) -> str:
    about = _name(entry.object) if entry.object is not None else ""
    hosts = _some(entry.hosts)
    message = shortened(entry.message)
    match entry.what:
        case "event" | "held" | "rollout" | "rolled-out" | "job" | "short" | "enough":
            return f"{about}: {message}" if about else message
        case "lost":
            return f"{_pods(entry)} {message}"
        case "waiting":
            return f"{about}: no host fits {_pods(entry)}: {message}"
        case "placed":
            return f"{about}: {_pods(entry)} no longer {'waits' if len(entry.pods) == 1 else 'wait'} for a host"
        case _:
            because = f": {message}" if message else ""
            return f"{about}: {_pods(entry)} {entry.what} on {hosts}{because}"


def _pods(entry: Entry) -> str:
    return _some(entry.pods) if len(entry.pods) <= _NAMED else f"{len(entry.pods)} pods"


def _some(names: tuple[str, ...]) -> str:
    named = ", ".join(printable(name) for name in names[:_NAMED])
    return f"{named} and {len(names) - _NAMED} more" if len(names) > _NAMED else named


def _availability(answer: Answer, paint: Paint) -> Iterator[str]:
    lines = table(
        ["AVAILABILITY", "WANTED", "PROMISED", "LOWEST", "AT", "SHORT FOR", "PROMISE"],
        [_row(one) for one in answer.standings],
    )
    yield lines[0]
    for one, line in zip(answer.standings, lines[1:], strict=True):
        yield paint(line, "bad") if one.broken else line


def _row(one: Standing) -> list[str]:
    return [
        _name(one.object),
        str(one.wanted),
        str(one.promised),
        str(one.lowest),
        _clock(one.at) if one.lowest < one.wanted else "",
        format_duration(one.short) if one.short else "",
        _promise(one),
    ]


def _promise(one: Standing) -> str:
    if not one.promised:
        return "none"
    if one.broken:
        return f"broken: {one.broken}"
    if not one.short:
        return "kept"
    return "kept, but for lost hosts" if one.struck else "kept, within its budget"


def _hosts(answer: Answer) -> Iterator[str]:
    fullest = sorted(sorted(answer.peaks, key=_fullness)[-_HOSTS:], key=lambda peak: peak.host)
    yield from table(["PEAK OF REQUESTS", "CPU", "MEMORY", "PODS"], [_peak(peak) for peak in fullest])
    if len(fullest) < len(answer.peaks):
        yield f"and {counted(len(answer.peaks) - len(fullest), 'host')} with less"
    if any(peak.assumed for peak in answer.peaks):
        yield f"* assumed, where spec.allocatable says nothing: {CPU_MILLIS // 1000} CPUs, {MEMORY_BYTES // _GIB}Gi"
    yield (
        f"What is done to a host takes {ACTION_SECONDS:.0f}s here, pods that end run {NOMINAL:.0f}s "
        "(annotation simulate.trimtab.dev/duration), probes pass at once; load is not simulated."
    )


def _fullness(peak: Peak) -> float:
    """Return how full a host was at most: the share of what was fullest."""
    return max(
        peak.cpu / peak.cpu_capacity if peak.cpu_capacity else 0.0,
        peak.memory / peak.memory_capacity if peak.memory_capacity else 0.0,
        peak.pods / peak.pods_capacity if peak.pods_capacity else 0.0,
    )


def _peak(peak: Peak) -> list[str]:
    return [
        f"{peak.host}{' *' if peak.assumed else ''}",
        f"{_cpus(peak.cpu)} of {_cpus(peak.cpu_capacity)}" if peak.cpu_capacity else _cpus(peak.cpu),
        f"{_bytes(peak.memory)} of {_bytes(peak.memory_capacity)}" if peak.memory_capacity else _bytes(peak.memory),
        f"{peak.pods} of {peak.pods_capacity}",
    ]


def _cpus(millis: int) -> str:
    return f"{millis / 1000:g}"


def _bytes(number: int) -> str:
    return f"{number / _GIB:.1f}Gi" if number >= _GIB else f"{number >> 20}Mi"


def _clock(at: float) -> str:
    minutes, seconds = divmod(int(at), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def _name(key: ObjectKey) -> str:
    """Return ``deployment/web``, with its namespace where that is not the default one."""
    name = f"{key.kind.lower()}/{printable(key.name)}"
    return name if key.namespace in {"", "default"} else f"{printable(key.namespace)}/{name}"
