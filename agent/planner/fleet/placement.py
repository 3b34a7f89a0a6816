"""Where every wanted pod goes: where it runs, else where it was meant to run, else where the scheduler says."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from agent.model.objects.meta import PodKey
from agent.model.value import Value
from agent.planner.fleet.ground import Ground
from agent.planner.fleet.staying import held_ports, stay
from agent.planner.live import Live
from agent.planner.scheduler import Company, Demand, Refused, Room, Scheduler
from agent.planner.storage import against, refusal, uses_of
from agent.planner.template import Slot, Template
from agent.planner.workload import Claim


class Placed(Value, frozen=True, kw_only=True):
    """The host of each pod that has one, why the others have none, and the pods that may not stay where they are."""

    hosts: Mapping[PodKey, str]
    refused: Mapping[PodKey, str] = {}
    moving: Mapping[PodKey, Live] = {}


def place(claims: Sequence[Claim], ground: Ground, lingering: Sequence[Live]) -> Placed:
    """Give every slot of every claim a host, for the state that the claims want in the end.

    All slots are placed as soon as they are known, not as a rollout gets to them, so that where a pod lands does not
    depend on the order in which others come and go. Pods that a rollout keeps for now take no room: they make it.
    ``lingering`` are pods that no claim wants and that stay all the same.
    """
    placed: dict[PodKey, str] = {}
    homeless = stay(claims, ground, placed)
    if not homeless:
        return Placed(hosts=placed)
    scheduler = Scheduler(_rooms(claims, ground, placed, lingering), _company(claims, ground, placed))
    refused: dict[PodKey, str] = {}
    for claim, template, slots in homeless:
        siblings = Counter(placed[slot.key] for slot in claim.final if slot.key in placed)
        for slot, answer in zip(slots, _answers(scheduler, template, slots, siblings, ground), strict=True):
            if isinstance(answer, Refused):
                refused[slot.key] = answer.why
            else:
                placed[slot.key] = answer
    pods = ground.sight.pods
    moving = {slot.key: pods[slot.key] for one in homeless for slot in one.slots if slot.key in pods}
    return Placed(hosts=placed, refused=refused, moving=moving)


def _rooms(
    claims: Sequence[Claim], ground: Ground, placed: Mapping[PodKey, str], lingering: Iterable[Live]
) -> Sequence[Room]:
    """Return what each host has left, with all pods in it that have their place already."""
    hosts, observations = ground.hosts, ground.given.observations
    rooms = {name: Room(hosts[name], observations[name], ground.taint_ages(name)) for name in sorted(hosts)}
    for claim in claims:
        for slot in claim.final:
            if slot.key in placed:
                rooms[placed[slot.key]].take(claim.template_of(slot).demand)
    for pod in lingering:
        rooms[pod.host].hold(held_ports(pod))
    for host, room in rooms.items():
        for pod in ground.sight.on_host[host]:
            if placed.get(pod.key) != host:
                room.ports_ending.extend(held_ports(pod))
    return list(rooms.values())


def _company(claims: Sequence[Claim], ground: Ground, placed: Mapping[PodKey, str]) -> Company | None:
    """Return who is where, for pods that mind; None when none does.

    Unlike for room and spread, pods of an older template count until they are gone: no pod that must not be beside
    another comes a moment too early.
    """
    templates = (template for claim in claims for template in _templates(claim))
    if not any(template.demand.social for template in templates):
        return None
    objects = ground.given.fleet.objects
    company = Company({key.name: one.body.metadata.labels for key, one in objects.items() if key.kind == "Namespace"})
    for claim in claims:
        for slot in claim.final:
            if slot.key in placed:
                company.join(claim.template_of(slot).demand, placed[slot.key])
    for host, pods in ground.sight.on_host.items():
        for pod in pods:
            if pod.observed is not None and placed.get(pod.key) != host:
                company.pass_through(Demand(namespace=pod.key.namespace, labels=pod.observed.labels), host)
    return company


def _templates(claim: Claim) -> Iterable[Template]:
    """Return what the pods of a claim are made from, each template at least once."""
    return map(claim.template_of, claim.final) if claim.mixed else (claim.template,)


def _answers(
    scheduler: Scheduler, template: Template, slots: Sequence[Slot], siblings: Counter[str], ground: Ground
) -> Sequence[str | Refused]:
    if template.unresolved:
        return [Refused(why=template.unresolved)] * len(slots)
    if template.claiming:
        return [_with_volumes(scheduler, template, slot, siblings, ground) for slot in slots]
    if any(slot.host for slot in slots):
        return scheduler.pin(template.demand, [slot.host for slot in slots])
    return scheduler.place(template.demand, len(slots), siblings)


def _with_volumes(
    scheduler: Scheduler, template: Template, slot: Slot, siblings: Counter[str], ground: Ground
) -> str | Refused:
    """Place a pod that uses claims: its volumes say where it may be, and it says where new ones will be."""
    uses, ledger = uses_of(template, slot), ground.ledger
    if why := refusal(ledger, uses, slot.name):
        return Refused(why=why)

    def suits(host: str) -> str:
        return against(ledger, uses, host, slot.name)

    if slot.host:
        [answer] = scheduler.pin(template.demand, [slot.host], suits=suits)
    else:
        [answer] = scheduler.place(template.demand, 1, siblings, suits=suits)
    if isinstance(answer, str):
        ledger.use(uses, answer, slot.name)
        siblings[answer] += 1
    return answer
