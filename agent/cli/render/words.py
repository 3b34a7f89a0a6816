"""The words that renderers share: ages, counts, causes, consequences."""

from collections.abc import Iterable, Mapping
from typing import Final

from agent.cli.render.escape import printable, shortened
from agent.cli.render.report import DiffReport
from agent.model.action import Action, Verb
from agent.model.cause import Cause, Commit
from agent.model.duration import format_duration
from agent.model.plan import Waiting
from agent.model.status import PodStatus

SIGNS: Final[Mapping[Verb, str]] = {
    "create": "+",
    "replace": "±",
    "start": "▸",
    "restart": "↻",
    "stop": "■",
    "update": "~",
    "remove": "-",
}
INFINITIVES: Final[Mapping[Verb, str]] = {
    "create": "create",
    "replace": "replace",
    "start": "start",
    "restart": "restart",
    "stop": "stop",
    "update": "update in place",
    "remove": "remove",
}


_WORKTREE: Final = "worktree"


def ago(at: float, now: float) -> str:
    """Return how long ago something was: ``12s ago``."""
    return f"{format_duration(now - at)} ago"


def counted(number: int, noun: str) -> str:
    """Return ``1 host``, ``3 hosts``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def ready_pods(wanted: int, pods: Iterable[PodStatus]) -> tuple[int, int]:
    """Return how many pods of a host are ready, and of how many: those wanted there, and others that stay or go yet.

    A rollout that is stuck keeps pods that nobody wants any more: they run, so they count on both sides.
    """
    alive = [pod.ready for pod in pods if pod.phase not in {"Succeeded", "Failed"}]
    return sum(alive), max(wanted, len(alive))


def because(cause: Cause, now: float) -> str:
    """Return why an action is in the plan: the line and commit that ask for it, or the drift that was seen."""
    if not isinstance(cause, Commit):
        return f"drift: {printable(cause.what)}, seen {ago(cause.seen_at, now)}"
    place = f"{printable(cause.location.file)}:{cause.location.line}"
    known = "not committed yet" if cause.revision == _WORKTREE else cause.revision[:7]
    quoted = " ".join(part for part in (known, printable(cause.author)) if part)
    commit = f"{quoted}: {shortened(cause.subject, 72)}" if cause.subject else quoted
    meaning = f": {printable(cause.summary)}" if cause.summary else ""
    if not cause.location.file:  # what is not written any more has no line
        return f"because {printable(cause.summary) or 'nothing asks for it'} (as of {known})"
    return f"because {place} ({commit}){meaning}"


def consequence(action: Action) -> str:
    """Return what the action does to what runs now; empty where the verb says it all."""
    match action.consequence:
        case "in place":
            return "in place, nothing restarts"
        case "restart":
            return f"restarts {_containers(action)}".rstrip()
        case "stop":
            return f"stops {_containers(action)}".rstrip()
        case "recreate":
            return "recreates the pod: everything in it stops, then starts anew"
        case _:
            return ""


def _containers(action: Action) -> str:
    named = ", ".join(printable(name) for name in action.containers)
    return f"{'containers' if len(action.containers) > 1 else 'container'} {named}"


def waits(waiting: Waiting, now: float) -> str:
    """Return what waits, why, and for how long where that is known."""
    subject = waiting.pod or waiting.object
    left = format_duration(waiting.until - now) if waiting.until > now else ""
    if not subject:
        return f"{printable(waiting.message)}{f' (in {left})' if left else ''}"
    # In front: a message may end in a container's own last words.
    return f"{printable(str(subject))} waits{f' {left}' if left else ''}: {printable(waiting.message)}"


def held_back(report: DiffReport) -> str:
    """Return that the agent would not do this at once, and what lets it; empty where it would."""
    if not report.held:
        return ""
    known = report.revision.id != _WORKTREE
    approved = f"`trimtab approve {printable(report.revision.short)}`" if known else "it is approved"
    return f"The agent would hold this revision back until {approved}: it {printable(report.held)}"


def summary(report: DiffReport) -> str:
    """Return the last line: what would be done, and on how many hosts."""
    todo = [f"{number} to {INFINITIVES[verb]}" for verb, number in report.counts.items() if number]
    seen = len(report.hosts) - len(report.unseen)
    unseen = f"; {counted(len(report.unseen), 'host')} could not be seen" if report.unseen else ""
    parts = ", ".join([*todo, f"{report.unchanged} unchanged"]) if todo else f"no changes, {report.unchanged} unchanged"
    return f"Plan: {parts} on {counted(seen, 'host')}{unseen}"
