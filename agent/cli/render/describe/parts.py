"""What descriptions of several kinds hold: how the object is, its conditions, its pods."""

from agent.cli.render.describe.lines import NONE, headed, moment
from agent.cli.render.describe.told import Subject
from agent.cli.render.table import table
from agent.model.kindstatus import Condition


def status_of(subject: Subject) -> str:
    """Return how an object is, why, and what there is to say about it."""
    status = subject.status
    return because(status.phase, status.reason, status.message) if status else NONE


def because(word: str, reason: str, message: str) -> str:
    """Return a word with its reason and message, as far as there are any."""
    return ": ".join(part for part in (word, reason, message) if part)


def conditions(subject: Subject) -> list[str]:
    """Return the conditions that Kubernetes has of such an object."""
    found: tuple[Condition, ...] = getattr(subject.status.status, "conditions", ()) if subject.status else ()
    rows = [(one.type, one.status, one.reason, moment(one.since, subject.now), one.message) for one in found]
    lines = table(("Type", "Status", "Reason", "Since", "Message"), rows) if rows else []
    return headed("Conditions", [f"  {line}" for line in lines])


def pods(subject: Subject) -> list[str]:
    """Return the pods of an object, or on a host."""
    rows = [(str(pod.key), pod.reason or pod.phase, str(pod.ready), pod.host, pod.message) for pod in subject.pods]
    lines = table(("Name", "Status", "Ready", "Host", "Message"), rows) if rows else []
    return headed("Pods", [f"  {line}" for line in lines])
