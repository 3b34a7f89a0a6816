"""What a host loop tells ``trimtab events``, in Kubernetes' words where it has them."""

from typing import Final

from agent.model.action import Verb
from agent.model.cause import Commit, Drift
from agent.model.plan import Waiting
from agent.ports import Event
from agent.reconciler.host.flights import Ended

_DONE: Final[dict[Verb, str]] = {
    "create": "Created",
    "replace": "Replaced",
    "start": "Started",
    "restart": "Restarted",
    "stop": "Stopped",
    "update": "Updated",
    "remove": "Killed",
}
_WAITS: Final = {"back-off": "BackOff", "image-pull": "BackOff", "refused": "Refused", "runtime": "Failed"}


def ended(one: Ended, host: str, revision: str, now: float) -> Event:
    """Return the event of an action that ended, well or not."""
    action, outcome = one.action, one.outcome
    what = f"{action.verb} {', '.join(action.containers)}".rstrip()
    done = _DONE[action.verb] if action.verb != "remove" or action.pod.is_pod else "Removed"
    failed = f"{what} failed at {outcome.step or 'the start'}: {outcome.error}"
    return Event(
        at=now,
        type="Warning" if outcome.error else "Normal",
        reason="Failed" if outcome.error else done,
        message=failed if outcome.error else f"{what}: {_why(one)}",
        object=action.pod.title,
        host=host,
        revision=revision,
    )


def warned(one: Ended, host: str, revision: str, now: float) -> tuple[Event, ...]:
    """Return the events of what went wrong in an action without failing it."""
    parts = (warning.partition(": ") for warning in one.outcome.warnings)
    return tuple(
        Event(
            at=now,
            type="Warning",
            reason=reason,
            message=message,
            object=one.action.pod.title,
            host=host,
            revision=revision,
        )
        for reason, _, message in parts
    )


def _why(one: Ended) -> str:
    match one.action.cause:
        case Drift(what=what):
            return what
        case Commit(summary=summary, revision=revision, location=location):
            where = f" {location}" if location.file else ""  # what is not written any more has no place
            return f"{summary or 'declared'} ({revision[:12]}{where})"


def waits(waiting: Waiting, host: str, now: float) -> Event | None:
    """Return the event of something that waits; None for what is only a step of normal work."""
    reason = _WAITS.get(waiting.reason)
    if reason is None:
        return None
    subject = waiting.pod.title if waiting.pod else ""
    return Event(at=now, type="Warning", reason=reason, message=waiting.message, object=subject, host=host)


def link(host: str, now: float, *, reason: str, message: str) -> Event:
    """Return an event about the way to a host."""
    return Event(
        at=now, type="Normal" if reason == "HostSeen" else "Warning", reason=reason, message=message, host=host
    )
