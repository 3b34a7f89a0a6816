"""Where every wanted pod goes: where it runs, else where it was meant to run, else where the scheduler says."""

from collections.abc import Mapping, Sequence

from agent.model.memory import EvictionRecord
from agent.model.objects.meta import PodKey
from agent.model.plan import Waiting
from agent.model.status import ObjectStatus, PodCondition
from agent.model.value import Value
from agent.planner.disruption.budgets import Budgets
from agent.planner.disruption.leavers import Leaver, leavers
from agent.planner.fleet.choosing import Chooser
from agent.planner.fleet.entering import Entrance
from agent.planner.fleet.ground import Ground
from agent.planner.fleet.present import Present
from agent.planner.fleet.rooms import company_of, rooms_of
from agent.planner.fleet.seating import Seating, Stays
from agent.planner.fleet.staying import driven_out, stay
from agent.planner.live import Live
from agent.planner.scheduler import Scheduler
from agent.planner.workload import Claim


class Placed(Value, frozen=True, kw_only=True):
    """The host of each pod that has one, why the others have none, and the pods that may not stay where they are.

    ``refused`` pods have no host, or one that has no room for them yet; ``waits`` says for whom those wait that start
    once others are gone. ``forbidden`` are pods that are not made at all, and why. Of ``moving`` pods, ``evicted`` were
    sent away on purpose; they go even if no host has room for them now. ``gone`` were, too, and are not placed anew as
    they were: their workload makes others. ``held`` says why pods that should leave their host stay for now; ``asked``
    are those of them that somebody asked to be moved. ``resizes`` are the conditions of pods that stay as they are
    since no host has room for what they ask for by now. ``budgets`` is what is left of every budget. ``wake_at`` is
    when time alone lets more be done.
    """

    hosts: Mapping[PodKey, str]
    refused: Mapping[PodKey, str] = {}
    waits: Mapping[PodKey, str] = {}
    forbidden: Mapping[PodKey, str] = {}
    moving: Mapping[PodKey, Live] = {}
    evicted: Mapping[PodKey, EvictionRecord] = {}
    gone: Mapping[PodKey, EvictionRecord] = {}
    held: Mapping[PodKey, Waiting] = {}
    asked: Mapping[str, str] = {}
    resizes: Mapping[PodKey, PodCondition] = {}
    budgets: tuple[ObjectStatus, ...] = ()
    wake_at: float | None = None

    @property
    def calm(self) -> bool:
        """Whether every pod that is there stays where it is, and nobody waits for room."""
        return not (self.refused or self.waits or self.moving or self.evicted or self.gone)

    @property
    def awaited(self) -> Mapping[tuple[str, str], Sequence[str]]:
        """By the name of a pod and its host: those who make room for it there."""
        found: dict[tuple[str, str], list[str]] = {}
        for key, one in (*self.evicted.items(), *self.gone.items()):
            if one.by:
                found.setdefault((one.by, one.host), []).append(key.name)
        return found

    def departure(self, key: PodKey) -> EvictionRecord | None:
        """Return why a pod was sent away on purpose, if it was."""
        return self.evicted.get(key) or self.gone.get(key)


def place(claims: Sequence[Claim], ground: Ground, stray: Sequence[Live]) -> Placed:
    """Give every slot of every claim a host, for the state that the claims want in the end.

    All slots are placed as soon as they are known, not as a rollout gets to them, so that where a pod lands does not
    depend on the order in which others come and go, as long as there is room for all of them. A pod only starts where
    there is: until they are gone, others take room that are not to be there in the end. ``stray`` are pods that no
    claim wants.

    Pods that have no place yet come first, by their priority; then those that should leave their host, as far as
    budgets allow and another host takes them; then those are let in that may be there now.
    """
    hosts: dict[PodKey, str] = {}
    present = Present(claims, ground)
    homeless = stay(claims, ground, hosts, present)
    pods, draining, asked = ground.sight.pods, ground.draining, ground.given.memory.asked
    moving = {slot.key: pods[slot.key] for one in homeless for slot in one.slots if slot.key in pods}
    driven = driven_out(claims, ground, present)
    budgets = Budgets(ground.given.fleet, claims, moving.keys() | driven.keys())
    leaving = list(leavers(claims, draining, asked))
    expecting = [claim for claim in claims if len(claim.now) != len(claim.current)]
    if not homeless and not leaving and not expecting and not driven:
        return Placed(
            hosts=hosts, forbidden=ground.forbidden, evicted=ground.evicted, budgets=tuple(budgets.statuses())
        )
    lingering = () if ground.given.prune else stray

    def scheduler() -> Scheduler:
        rooms = rooms_of(claims, ground, hosts, lingering, present)
        return Scheduler(rooms, company_of(claims, ground, hosts, present))

    seating = Seating(claims, ground, hosts, Chooser(ground, scheduler, hosts), budgets)
    seating.gone |= driven
    seating.seat(homeless)
    held = [(one, stays) for one in leaving if (stays := seating.send_away(one)) is not None]
    moving |= {key: pods[key] for key in seating.evicted if key in hosts or key in seating.refused}
    departing = [key for key in moving if key in hosts]
    departing += [pod.key for pod in stray] if ground.given.prune else []
    entrance = Entrance(claims, ground, seating, present, departing)
    entrance.open(expecting)
    return Placed(
        hosts=hosts,
        refused=seating.refused,
        waits=entrance.waits,
        forbidden=ground.forbidden,
        moving=moving,
        evicted=seating.evicted,
        gone=seating.gone,
        held={one.pod.key: _held(one, stays) for one, stays in held},
        asked={one.pod.name: one.pod.host for one, stays in held if stays.for_now and one.pod.name in asked},
        resizes={
            slot.key: present.pending_resize(one.template.demand, one.outgrown)
            for one in homeless
            for slot in one.slots
            if one.outgrown and slot.key in seating.refused
        },
        budgets=tuple(budgets.statuses()),
        wake_at=entrance.wake_at,
    )


def _held(leaver: Leaver, stays: Stays) -> Waiting:
    pod, owner = leaver.pod, leaver.claim.template.declared.key
    message = f"{leaver.why}: {pod.key.name} stays: {stays.why}"
    return Waiting(reason="disruption", message=message, pod=pod.key, object=owner, host=pod.host)
