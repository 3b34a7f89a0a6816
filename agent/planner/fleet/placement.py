"""Where every wanted pod goes: where it runs, else where it was meant to run, else where the scheduler says."""

from collections.abc import Mapping, Sequence

from agent.model.memory import EvictionRecord
from agent.model.objects.meta import PodKey
from agent.model.plan import Waiting
from agent.model.status import ObjectStatus
from agent.model.value import Value
from agent.planner.disruption.budgets import Budgets
from agent.planner.disruption.leavers import Leaver, leavers
from agent.planner.fleet.choosing import Chooser
from agent.planner.fleet.ground import Ground
from agent.planner.fleet.rooms import company_of, rooms_of
from agent.planner.fleet.seating import Seating, Stays
from agent.planner.fleet.staying import stay
from agent.planner.live import Live
from agent.planner.scheduler import Scheduler
from agent.planner.workload import Claim


class Placed(Value, frozen=True, kw_only=True):
    """The host of each pod that has one, why the others have none, and the pods that may not stay where they are.

    ``forbidden`` are pods that are not made at all, and why. Of ``moving`` pods, ``evicted`` were sent away on purpose;
    they go even if no host has room for them now. ``gone`` were, too, and are not placed anew as they were: their
    workload makes others. ``held`` says why pods that should leave their host stay for now; ``asked`` are those of
    them that somebody asked to be moved. ``budgets`` is what is left of every budget.
    """

    hosts: Mapping[PodKey, str]
    refused: Mapping[PodKey, str] = {}
    forbidden: Mapping[PodKey, str] = {}
    moving: Mapping[PodKey, Live] = {}
    evicted: Mapping[PodKey, EvictionRecord] = {}
    gone: Mapping[PodKey, EvictionRecord] = {}
    held: Mapping[PodKey, Waiting] = {}
    asked: Mapping[str, str] = {}
    budgets: tuple[ObjectStatus, ...] = ()

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


def place(claims: Sequence[Claim], ground: Ground, lingering: Sequence[Live]) -> Placed:
    """Give every slot of every claim a host, for the state that the claims want in the end.

    All slots are placed as soon as they are known, not as a rollout gets to them, so that where a pod lands does not
    depend on the order in which others come and go. Pods that a rollout keeps for now take no room: they make it.
    ``lingering`` are pods that no claim wants and that stay all the same.

    Pods that have no place yet come first, by their priority; then those that should leave their host, as far as
    budgets allow and another host takes them.
    """
    hosts: dict[PodKey, str] = {}
    homeless = stay(claims, ground, hosts)
    pods, draining, asked = ground.sight.pods, ground.draining, ground.given.memory.asked
    moving = {slot.key: pods[slot.key] for one in homeless for slot in one.slots if slot.key in pods}
    budgets = Budgets(ground.given.fleet.objects, claims, moving.keys())
    leaving = list(leavers(claims, draining, asked))
    if not homeless and not leaving:
        return Placed(
            hosts=hosts, forbidden=ground.forbidden, evicted=ground.evicted, budgets=tuple(budgets.statuses())
        )
    scheduler = Scheduler(rooms_of(claims, ground, hosts, lingering), company_of(claims, ground, hosts))
    seating = Seating(claims, ground, hosts, Chooser(ground, scheduler, hosts), budgets)
    seating.seat(homeless)
    held = [(one, stays) for one in leaving if (stays := seating.send_away(one)) is not None]
    moving |= {key: pods[key] for key in seating.evicted if key in hosts or key in seating.refused}
    return Placed(
        hosts=hosts,
        refused=seating.refused,
        forbidden=ground.forbidden,
        moving=moving,
        evicted=seating.evicted,
        gone=seating.gone,
        held={one.pod.key: _held(one, stays) for one, stays in held},
        asked={one.pod.name: one.pod.host for one, stays in held if stays.for_now and one.pod.name in asked},
        budgets=tuple(budgets.statuses()),
    )


def _held(leaver: Leaver, stays: Stays) -> Waiting:
    pod, owner = leaver.pod, leaver.claim.template.declared.key
    message = f"{leaver.why}: {pod.key.name} stays: {stays.why}"
    return Waiting(reason="disruption", message=message, pod=pod.key, object=owner, host=pod.host)
