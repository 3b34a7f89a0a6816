"""``trimtab status`` for a person: what is in force, what is wrong and why, from the whole down to single objects."""

from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from agent.cli.render.escape import printable, shortened
from agent.cli.render.paint import Paint, plain
from agent.cli.render.status_report import StatusReport
from agent.cli.render.table import table
from agent.cli.render.words import ago, counted, ready_pods, waits
from agent.model.duration import format_duration
from agent.model.kindstatus import JobStatus
from agent.model.objects.meta import PodKey
from agent.model.origin import Revision
from agent.model.plan import Waiting
from agent.model.status import ObjectStatus
from agent.reconciler.reporting.snapshot import HostState

_LABEL = 10
_MOST_PROBLEMS = 20
_MOST_PODS = 5
_MOST_WAITING = 20
_UNSEEN = "HostUnseen"
"""The reason of what waits for a host: why it cannot be seen is said once, in the host's own line."""


def render(report: StatusReport, paint: Paint = plain) -> str:
    """Return the whole status."""
    return "\n".join([*_head(report, paint), "", *_hosts(report, paint), "", *_objects(report, paint)])


def _head(report: StatusReport, paint: Paint) -> Iterator[str]:
    snapshot, now = report.snapshot, report.now
    agent = printable(snapshot.agent)
    if report.running:
        yield _labelled("Agent", f"{agent}, running ({printable(report.running)}), as of {ago(snapshot.at, now)}")
    else:
        yield _labelled("Agent", f"{agent}, {paint('not running', 'bad')}; this is what the hosts show now")
    yield _labelled("Source", _source(report, paint))
    fleet = snapshot.fleet
    if fleet.in_force is None:
        yield _labelled("In force", paint(f"nothing: {printable(fleet.message) or 'no good revision yet'}", "bad"))
    else:
        since = f" since {format_duration(now - fleet.in_force_since)}" if fleet.in_force_since else ""
        yield _labelled("In force", f"{_revision(fleet.in_force)}{since}")
    yield from _newest(report, paint)
    if fleet.refused:
        yield _labelled("Refused", paint(f"{printable(fleet.refused[:12])}, the revision above stays in force", "bad"))
        yield from (f"{'':{_LABEL}}{printable(why)}" for why in fleet.refused_why[:_MOST_PROBLEMS])
        if len(fleet.refused_why) > _MOST_PROBLEMS:
            yield f"{'':{_LABEL}}… and {len(fleet.refused_why) - _MOST_PROBLEMS} more"
    if fleet.held:
        yield _labelled("Held", paint(f"{printable(fleet.held[:12])}: {printable(fleet.held_why)}", "bad"))
        yield f"{'':{_LABEL}}let it through with: trimtab approve {printable(fleet.held[:12])}"


def _revision(revision: Revision) -> str:
    what = ": ".join(part for part in (printable(revision.author), shortened(revision.subject, 72)) if part)
    return f"{printable(revision.short)}{f' ({what})' if what else ''}"


def _newest(report: StatusReport, paint: Paint) -> Iterator[str]:
    """Say that a newer revision than the one in force waits, where nothing else says why."""
    head, fleet = report.snapshot.source.head, report.snapshot.fleet
    if head is None or fleet.in_force is None or head.id in {fleet.in_force.id, fleet.refused, fleet.held}:
        return
    then = "not in force yet" if report.running else "not in force: start `trimtab agent`, or run `trimtab apply`"
    yield _labelled("Newest", f"{_revision(head)}, {paint(then, 'bad')}")


def _source(report: StatusReport, paint: Paint) -> str:
    source = report.snapshot.source
    where = printable(report.source)
    if not source.error:
        return f"{where}, read {ago(source.synced_at, report.now)}" if source.synced_at else where
    since = f" since {format_duration(report.now - source.failing_since)}" if source.failing_since else ""
    hint = f" (hint: {printable(source.hint)})" if source.hint else ""
    return f"{where}, {paint('cannot be read', 'bad')}{since}: {printable(source.error)}{hint}"


def _hosts(report: StatusReport, paint: Paint) -> Iterator[str]:
    hosts = report.hosts
    if not hosts:
        yield "No hosts are known yet."
        return
    rows = [_host(host, report) for host in hosts]
    told = {pod.key: pod.message for status in report.snapshot.fleet.statuses for pod in status.pods if pod.message}
    header, *lines = table(("HOST", "STATE", "CONTAINERD", "READY", "NOW"), rows)
    yield paint(header, "strong")
    for host, line in zip(hosts, lines, strict=True):
        yield line if host.seen else paint(line, "bad")
        for waiting in host.waiting if host.seen else ():
            yield f"  … {waits(_without_why(waiting, told), report.now)}"


def _without_why(waiting: Waiting, told: Mapping[PodKey, str]) -> Waiting:
    """Return what waits without its reason where the pod's own line, below, says that: when is next is news."""
    news, _, why = waiting.message.partition(": ")
    cause = why.partition("… (")[0]
    said = told.get(waiting.pod, "") if waiting.pod is not None else ""
    # What was tried ("start container web") may stand in front of the cause.
    same = bool(cause) and (cause in said or (cause.partition(": ")[2] or cause) in said)
    return replace(waiting, message=news) if same else waiting


def _host(host: HostState, report: StatusReport) -> tuple[str, ...]:
    ready, pods = ready_pods(host.wanted, report.pods_of(host.name))
    since = f" {format_duration(report.now - host.since)}" if host.since else ""
    state = "seen" if host.seen else f"{'refused' if host.refused else 'unseen'}{since}"
    version = host.facts.version if host.facts else ""
    return (host.name, state, version, f"{ready}/{pods}", _doing(host, report.now))


def _doing(host: HostState, now: float) -> str:
    if not host.seen:
        return host.reason.removeprefix(f"{host.name}: ")
    if host.in_flight:
        flights = [f"{flight.verb} {flight.pod} ({format_duration(now - flight.since)})" for flight in host.in_flight]
        more = f", and {len(flights) - 3} more" if len(flights) > 3 else ""
        return ", ".join(flights[:3]) + more
    if host.planned:
        return f"{counted(host.planned, 'change')} to make"
    if host.waiting:
        return "waits"
    return "as declared" if host.settled else ""


def _objects(report: StatusReport, paint: Paint) -> Iterator[str]:
    shown = [one for one in report.workloads if (one.key.kind, one.reason) != ("Host", _UNSEEN)]
    if shown:
        header, *lines = table(("OBJECT", "PHASE", "READY", "WHY"), [_object(status) for status in shown])
        yield paint(header, "strong")
        for status, line in zip(shown, lines, strict=True):
            yield paint(line, "bad") if status.phase == "Failed" else line
            yield from _troubled_pods(status)
    if report.quiet:
        yield f"and {counted(report.quiet, 'object')} without pods, all well"
    news = _not_told_yet(report)
    for waiting in news[:_MOST_WAITING]:
        yield f"  … {waits(waiting, report.now)}"
    if len(news) > _MOST_WAITING:
        yield f"  … and {len(news) - _MOST_WAITING} more that wait"


def _not_told_yet(report: StatusReport) -> list[Waiting]:
    """Return what waits and is not in the line of its object, or of its pod, already."""
    objects = {status.key: status for status in report.workloads}
    unplaced = {pod.key for status in objects.values() for pod in status.pods if pod.reason == "Unschedulable"}

    def told(waiting: Waiting) -> bool:
        if waiting.pod is not None:
            return waiting.reason == "unschedulable" and waiting.pod in unplaced
        status = objects.get(waiting.object) if waiting.object is not None else None
        return status is not None and bool(status.message) and waiting.message.endswith(status.message)

    return [waiting for waiting in report.snapshot.fleet.waiting if not told(waiting)]


def _object(status: ObjectStatus) -> tuple[str, ...]:
    why = ": ".join(part for part in (status.reason, status.message) if part)
    ready = f"{status.ready}/{status.wanted}" if status.wanted or status.pods else ""
    if isinstance(status.status, JobStatus):
        ready = f"{status.status.succeeded} done" if not status.status.active else f"{status.status.ready} running"
    return (str(status.key), status.phase, ready, why if status.phase != "Ready" else "")


def _troubled_pods(status: ObjectStatus) -> Iterator[str]:
    """Say why each pod of a workload is not ready; a pod by itself has said so in its own line."""
    told = [pod for pod in status.pods if not pod.ready and (pod.reason or pod.message)]
    if status.key.kind == "Pod" or (status.key.kind == "Job" and status.phase == "Ready"):
        return
    for pod in told[:_MOST_PODS]:
        why = ": ".join(part for part in (pod.reason, pod.message if pod.reason != _UNSEEN else "") if part)
        yield f"  {printable(str(pod.key))} on {printable(pod.host) or 'no host'}: {printable(why)}"
    if len(told) > _MOST_PODS:
        yield f"  … and {len(told) - _MOST_PODS} more pods"


def _labelled(label: str, text: str) -> str:
    return f"{label:{_LABEL}}{text}"
