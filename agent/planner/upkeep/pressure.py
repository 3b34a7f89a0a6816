"""What is done about a host that is short of something: images first, then one pod at a time."""

from collections.abc import Mapping
from typing import Final

from msgspec.structs import replace

from agent.model.desired import HostDesired
from agent.model.observation import Seen
from agent.model.strain import CALM, Shortage, Strain, Victim
from agent.model.usage import Usage
from agent.model.value import Value
from agent.planner.upkeep.policy import Policy
from agent.planner.upkeep.ranking import Candidate, first_to_go
from agent.planner.upkeep.thresholds import crossed

_MAY_TAKE: Final = 30.0
"""As long as that a kubelet waits for a pod that it evicted to be gone, before another one goes."""


class Pressed(Value, frozen=True, kw_only=True):
    """What is short right now, and why; ``measured_at`` are the shortages in force, with when each was measured.

    ``disks`` are those that are too full now, by where they are mounted.
    """

    now: Mapping[Shortage, str] = {}
    disks: frozenset[str] = frozenset()
    measured_at: Mapping[Shortage, float] = {}


def pressed(usage: Usage, before: Mapping[Shortage, float], now: float, policy: Policy) -> Pressed:
    """Return what a host is short of. A shortage is in force for a while longer, so that it does not come and go."""
    found: dict[Shortage, str] = {}
    disks = set[str]()
    for signal, sentence in crossed(usage, policy.eviction_hard):
        found.setdefault(signal.shortage, sentence)
        disks.add(signal.disk)
    lasting = {kind: at for kind, at in before.items() if 0 <= now - at < policy.pressure_transition}
    return Pressed(
        now=found,
        disks=frozenset(disks - {""}),
        measured_at=dict(sorted({**lasting, **dict.fromkeys(found, now)}.items())),
    )


def strain_of(
    found: Pressed, before: Strain, desired: HostDesired, seen: Seen, usage: Usage, *, now: float, reclaiming: bool
) -> Strain:
    """Return the strain on a host, and who goes: nobody as long as images are ``reclaiming`` the disk.

    Nor does another pod for as long as one that went ``before`` may take to be gone: what it held was still counted.
    For those that went there is no way back, as in Kubernetes, whatever is measured meanwhile.
    """
    left = tuple(one for one in before.victims if _lingers(one, seen))
    if not found.measured_at and not left:
        return CALM
    strain = Strain(shortages=tuple(found.measured_at), victims=left)
    if any(0 <= now - one.since < _MAY_TAKE for one in left):
        return strain
    told = {one.sandbox for one in left}
    for shortage, why in found.now.items():
        if shortage == "DiskPressure" and reclaiming:
            continue
        if (gone := first_to_go(shortage, desired, seen, usage, told)) is not None:
            return replace(strain, victims=(*left, _victim(gone, f"{why}; {gone}", now)))
    return strain


def _victim(gone: Candidate, why: str, now: float) -> Victim:
    pod = gone.pod
    return Victim(pod=pod.key, owner=gone.owner, sandbox=pod.sandbox.id, uid=pod.uid, why=why, since=now)


def _lingers(victim: Victim, seen: Seen) -> bool:
    """Tell whether something of a pod is left: it, or its files, unless they are those of the same pod made again."""
    if any(one.id == victim.sandbox for one in seen.sandboxes):
        return True
    return victim.uid in seen.pod_dirs and all(one.config.uid != victim.uid for one in seen.sandboxes)
