"""A PriorityClass: its name."""

from agent.manifests.finding import Finding, Findings
from agent.model.objects.priority import SYSTEM_CLASSES, PriorityClass

_RESERVED = "system-"


def check_priority(body: PriorityClass) -> Findings:
    """Yield that a PriorityClass is called like one of Kubernetes' own."""
    name = body.metadata.name
    if name.startswith(_RESERVED):
        own = " and ".join(SYSTEM_CLASSES)
        hint = "use it without declaring it" if name in SYSTEM_CLASSES else "take another name"
        yield Finding(("metadata", "name"), "bad-value", f"names with `{_RESERVED}` are kept for {own}", hint)
