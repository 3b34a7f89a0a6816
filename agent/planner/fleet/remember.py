"""What has to be remembered of a plan."""

from collections.abc import Mapping, Sequence

from agent.model.memory import CronRecord, Memory, ScaleRecord
from agent.model.objects.meta import PodKey
from agent.planner.fleet.ground import Ground
from agent.planner.fleet.placement import Placed
from agent.planner.fleet.rest import places
from agent.planner.live import Live
from agent.planner.storage import Outcome, still_unlooked
from agent.planner.workload import Claim


def remember(
    ground: Ground,
    claims: Sequence[Claim],
    placed: Placed,
    volumes: Outcome,
    *,
    delayed: Mapping[PodKey, str],
    stray: Sequence[Live],
    autoscalers: Mapping[str, ScaleRecord],
    crons: Mapping[str, CronRecord],
) -> Memory:
    """Return what has to be remembered; the same value when nothing changed."""
    before = ground.given.memory
    placements: dict[str, str] = {}
    leaving: dict[str, str] = {}
    lost: dict[str, str] = {}
    calm = placed.calm
    for claim in claims:
        if calm and (at_rest := places(claim)):
            placements.update(at_rest)
            continue
        found = ((slot.name, placed.hosts.get(slot.key)) for slot in claim.final)
        placements.update((name, host) for name, host in found if host is not None)
        placements.update((one.name, one.host) for one in claim.kept if placed.departure(one.key) is None)
        leaving.update((one.pod.name, one.pod.host) for one in claim.leaving)
        if placed.gone:
            leaving.update((one.name, one.host) for one in claim.current if one.key in placed.gone)
        leaving.update((one.name, one.host) for one in claim.kept if placed.departure(one.key) is not None)
        if claim.job is not None:
            # A job's pod that may not stay does not move: it fails, and the job makes another.
            leaving.update((one.name, one.host) for one in claim.current if one.key in placed.moving)
        lost.update((one.name, one.host) for one in claim.lost)
    # What nothing declares goes, too. Where nobody can see that, its name may come back into the source before it did.
    unseen = [one for one in stray if not one.seen and one.name not in placements]
    leaving.update((one.name, one.host) for one in unseen if ground.given.prune)
    # Until it is gone, a pod is where it runs: an agent that comes later, and cannot look there, must know.
    placements.update((pod.name, pod.host) for key, pod in placed.moving.items() if key not in placed.evicted)
    after = Memory(
        # They are many, and mostly as they were: then they are sorted already.
        placements=before.placements if placements == before.placements else _sorted(placements),
        leaving=_sorted(leaving),
        lost=_sorted(lost),
        evicted={str(key): one for key, one in sorted((*placed.evicted.items(), *placed.gone.items()))},
        asked=_sorted(placed.asked),
        pending=_pending(ground, claims, placed, delayed),
        claims=volumes.records,
        unlooked=still_unlooked(ground.given),
        tainted=ground.tainted,
        rollouts={str(one.template.declared.key): one.rollout for one in claims if one.rollout is not None},
        jobs={str(one.template.declared.key): one.job for one in claims if one.job is not None},
        crons=crons,
        autoscalers=autoscalers,
    )
    return before if after == before else after


def _pending(ground: Ground, claims: Sequence[Claim], placed: Placed, delayed: Mapping[PodKey, str]) -> tuple[str, ...]:
    """Return the pods with a place that no host is told to start."""
    pods = ground.sight.pods
    names = []
    for claim in claims:
        if len(claim.final) == len(claim.current):
            continue
        now = {slot.key for slot in claim.now if slot.key not in placed.refused and slot.key not in delayed}
        names += [
            slot.name
            for slot in claim.final
            if slot.key in placed.hosts and slot.key not in pods and slot.key not in now
        ]
    return tuple(sorted(names))


def _sorted(entries: Mapping[str, str]) -> Mapping[str, str]:
    return dict(sorted(entries.items()))
