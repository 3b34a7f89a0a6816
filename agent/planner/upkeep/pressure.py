"""What is done about a host that is short of something: images first, then one pod at a time."""

from collections.abc import Mapping

from msgspec.structs import replace

from agent.model.desired import HostDesired
from agent.model.observation import Seen
from agent.model.strain import CALM, Shortage, Strain
from agent.model.usage import Usage
from agent.model.value import Value
from agent.planner.upkeep.policy import Policy
from agent.planner.upkeep.ranking import first_to_go
from agent.planner.upkeep.thresholds import crossed


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
    found: Pressed, before: Strain, desired: HostDesired, seen: Seen, usage: Usage, *, reclaiming: bool
) -> Strain:
    """Return the strain on a host, and who goes: nobody as long as images are ``reclaiming`` the disk.

    Nor does another pod, as long as something is left of the one that went ``before``: what it held was still counted.
    """
    if not found.measured_at:
        return CALM
    strain = Strain(shortages=tuple(found.measured_at))
    if found.now and _lingers(before, seen):
        return replace(before, shortages=strain.shortages)
    for shortage, why in found.now.items():
        if shortage == "DiskPressure" and reclaiming:
            continue
        if (gone := first_to_go(shortage, desired, seen, usage)) is not None:
            return replace(strain, victim=gone.pod.sandbox.id, uid=gone.pod.uid, why=f"{why}; {gone}")
    return strain


def _lingers(before: Strain, seen: Seen) -> bool:
    return before.uid in seen.pod_dirs or any(one.id == before.victim for one in seen.sandboxes)
