"""Short ways to say what a host is short of, and who goes for it."""

from agent.model.objects.meta import ObjectKey, PodKey
from agent.model.observation import Seen
from agent.model.strain import Victim


def victim(name: str, seen: Seen, *, kind: str = "Pod", sandbox: str = "") -> Victim:
    """Return a pod that gives way: the one of that name, unless it is said to have had another sandbox."""
    found = [one.id for one in seen.sandboxes if one.config.name == name]
    return Victim(
        pod=PodKey(namespace="default", name=name),
        owner=ObjectKey(kind=kind, namespace="default", name="owner"),
        sandbox=sandbox or found[0],
        uid="",
        why="memory.available is 1Mi",
        since=0.0,
    )
