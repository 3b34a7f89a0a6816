"""What each host has left, and who is where, once the pods that stay have their places."""

from collections.abc import Iterable, Mapping, Sequence

from agent.model.objects.meta import PodKey
from agent.model.objects.namespace import Namespace
from agent.planner.fleet.ground import Ground
from agent.planner.fleet.present import Present
from agent.planner.live import Live
from agent.planner.ofkind import of_kind
from agent.planner.scheduler import Company, Room, held_ports
from agent.planner.template import Template
from agent.planner.workload import Claim


def rooms_of(
    claims: Sequence[Claim],
    ground: Ground,
    placed: Mapping[PodKey, str],
    lingering: Iterable[Live],
    present: Present,
) -> Sequence[Room]:
    """Return what each host will have left in the end, with all pods in it that have their place already."""
    hosts, observations = ground.hosts, ground.given.observations
    rooms = {name: Room(hosts[name], observations[name], ground.taint_ages(name)) for name in sorted(hosts)}
    for claim in claims:
        ended = {pod.key for pod in claim.current if claim.ended(pod)}
        for slot in claim.final:
            if slot.key in placed and slot.key not in ended:
                rooms[placed[slot.key]].take(claim.template_of(slot).demand)
    for pod in lingering:
        if (demand := present.demand(pod)) is not None:
            rooms[pod.host].take(demand)
    for host, room in rooms.items():
        for pod in ground.sight.on_host[host]:
            # The sandbox of one that ended is there until the pod goes, and its ports are the sandbox's.
            if pod.observed is None or not pod.observed.sandbox.config.port_mappings:
                continue
            if placed.get(pod.key) != host or pod.over:
                room.ports_ending.extend(held_ports(pod.observed))
    return list(rooms.values())


def company_of(
    claims: Sequence[Claim], ground: Ground, placed: Mapping[PodKey, str], present: Present
) -> Company | None:
    """Return who is where, for pods that mind; None when none does.

    Unlike for room and spread, pods of an older template count until they are gone: no pod that must not be beside
    another comes a moment too early.
    """
    templates = (template for claim in claims for template in templates_of(claim))
    if not any(template.demand.social for template in templates):
        return None
    namespaces = of_kind(ground.given.fleet, Namespace)
    company = Company({key.name: one.body.metadata.labels for key, one in namespaces.items()})
    for claim in claims:
        for slot in claim.final:
            if slot.key in placed:
                company.join(claim.template_of(slot).demand, placed[slot.key])
    for host, pods in ground.sight.on_host.items():
        for pod in pods:
            if pod.observed is not None and not pod.over and placed.get(pod.key) != host:
                company.pass_through(present.neighbour(pod), host)
    return company


def templates_of(claim: Claim) -> Iterable[Template]:
    """Return what the pods of a claim are made from, each template at least once."""
    return map(claim.template_of, claim.final) if claim.mixed else (claim.template,)
