"""How far the draining of hosts is."""

from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from agent.model.objects.meta import PodKey
from agent.model.status import ObjectStatus
from agent.planner.live import Live, names_of
from agent.planner.workload import Claim


def still_there(claims: Iterable[Claim], draining: frozenset[str]) -> Mapping[str, list[Live]]:
    """Return the pods that are still on hosts that are drained, by host, but for those that stay.

    Such are the pods of DaemonSets, and those that ran to their end.
    """
    found: dict[str, list[Live]] = {name: [] for name in sorted(draining)}
    for claim in claims if draining else ():
        if claim.template.declared.key.kind != "DaemonSet":
            for pod in (*claim.current, *claim.kept, *(one.pod for one in claim.leaving)):
                if pod.host in found and not claim.ended(pod):
                    found[pod.host].append(pod)
    return found


def drained(status: ObjectStatus, left: list[Live], held: Mapping[PodKey, object]) -> ObjectStatus:
    """Return the status of a host that is drained: what is left there, and whether any of it can go."""
    if not left:
        return replace(status, reason="Drained")
    stuck = all(pod.key in held for pod in left)
    message = f"{len(left)} {'pod is' if len(left) == 1 else 'pods are'} to leave: {names_of(left)}"
    return replace(status, phase="Waiting" if stuck else "Progressing", reason="Draining", message=message)
