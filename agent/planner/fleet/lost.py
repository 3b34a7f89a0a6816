"""Hosts that are unseen for longer than a pod bears: others take the place of what ran there.

It may run there still, so this is for pods of which there may be two. Others wait for a person, who says so by the
out-of-service taint, or takes the Host out of the source. What was given up is taken back once it is seen, and not
because a clock was set back: its place may be another's.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from msgspec.structs import replace

from agent.model.labels import OUT_OF_SERVICE, UNREACHABLE
from agent.model.objects.host import Taint
from agent.model.plan import FleetInput
from agent.planner.fleet.taints import Since
from agent.planner.live import Live
from agent.planner.scheduler import Demand

_BORNE: Final = 300.0
"""Seconds that a pod without a toleration of its own bears its host's being unseen, as Kubernetes' admission says."""
_UNREACHABLE: Final = Taint(key=UNREACHABLE, effect="NoExecute")
_INTERCHANGEABLE: Final = frozenset({"Deployment", "ReplicaSet", "Job"})


def with_lost(given: FleetInput, kind: str, demand: Demand, live: Sequence[Live], since: Since) -> Sequence[Live]:
    """Return a workload's pods, those marked that are lost."""
    if all(pod.seen for pod in live):
        return live
    return [replace(pod, lost=True) if not pod.seen and _lost(given, kind, demand, pod, since) else pod for pod in live]


def _lost(given: FleetInput, kind: str, demand: Demand, pod: Live, since: Since) -> bool:
    taints = since.get(pod.host, {})
    if any(name.startswith(f"{OUT_OF_SERVICE}=") for name in taints):
        return True
    if kind in _INTERCHANGEABLE and given.memory.lost.get(pod.name) == pod.host:
        return True
    until = gives_up_at(kind, demand, taints)
    return until is not None and until <= given.now


def gives_up_at(kind: str, demand: Demand, taints: Mapping[str, float]) -> float | None:
    """Return when pods of a kind are taken for lost on a host with some taints; None for never."""
    start = taints.get(f"{UNREACHABLE}=")
    if start is None or kind not in _INTERCHANGEABLE:
        return None
    found = demand.toleration(_UNREACHABLE)
    if found is None:
        return start + _BORNE
    return None if found.toleration_seconds is None else start + found.toleration_seconds


def next_loss(claims: Iterable[tuple[str, Demand]], since: Since, now: float) -> float | None:
    """Return when the next pods are taken for lost."""
    unseen = [taints for taints in since.values() if f"{UNREACHABLE}=" in taints]
    times = [
        until
        for kind, demand in (claims if unseen else ())
        for taints in unseen
        if (until := gives_up_at(kind, demand, taints)) is not None and until > now
    ]
    return min(times, default=None)
