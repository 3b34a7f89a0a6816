"""Pods that stay where they are, or were meant to be."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from agent.model.memory import EvictionRecord
from agent.model.objects.host import Host
from agent.model.objects.meta import Declared, PodKey
from agent.planner.fleet.ground import Ground
from agent.planner.fleet.present import Present
from agent.planner.fleet.rest import seats
from agent.planner.scheduler import HostPort, evicts, host_labels, mismatch
from agent.planner.storage import against, refusal, uses_of
from agent.planner.template import Slot, Template
from agent.planner.workload import Claim

OF_ONE_NAME: Final = frozenset({"Pod", "StatefulSet"})
"""Kinds whose pods keep their names from template to template."""


class Homeless(NamedTuple):
    """Slots of one claim that need a host, all of one template.

    ``toward`` is where the pod in a single one is on its way to already; ``outgrown`` the host that has no room for it
    any more since it asks for more: it stays there as it is if no other takes it.
    """

    claim: Claim
    template: Template
    slots: Sequence[Slot]
    toward: str = ""
    outgrown: str = ""


def stay(claims: Sequence[Claim], ground: Ground, placed: dict[PodKey, str], present: Present) -> list[Homeless]:
    """Fill in the pods that stay; return the rest.

    Where a host is drained, or short of something, no pod comes that is not there yet, but those that are for it.
    """
    hosts, pods, placements = ground.hosts, ground.sight.pods, ground.given.memory.placements
    evicted, forbidden = ground.evicted, ground.forbidden
    closed = ground.draining | ground.pressed
    evicting = bool(closed) or any(
        taint.effect == "NoExecute" for host in hosts.values() for taint in host.body.spec.taints
    )
    ports: dict[str, list[HostPort]] = {}
    homeless = []
    for claim in claims:
        newest = claim.template
        named = newest.declared.key.kind in OF_ONE_NAME
        fixed = evicting or named or newest.demand.ports or newest.claiming
        if not (fixed or evicted or forbidden) and (seated := seats(claim)):
            placed.update(seated)
            continue
        choosy = fixed or claim.pinned or claim.mixed
        left: dict[int, tuple[Template, list[Slot]]] = {}
        for slot in claim.final:
            if forbidden and slot.key in forbidden:
                continue
            live = pods.get(slot.key)
            host = live.host if live else placements.get(slot.name, "")
            template = slot.template or newest
            leaves = bool(evicted) and slot.key in evicted
            if leaves and (toward := placements.get(slot.name, host)) != host:
                homeless.append(Homeless(claim, template, (slot,), toward))
            elif live is not None and live.given is not None and live.seen and present.grow(template, live):
                homeless.append(Homeless(claim, template, (slot,), outgrown=host))
            elif (
                host in hosts
                and not leaves
                and (live is not None or slot.host or host not in closed)
                and (not choosy or _may_stay(claim, slot, hosts[host], ports.setdefault(host, []), ground))
            ):
                placed[slot.key] = host
            else:
                left.setdefault(id(template), (template, []))[1].append(slot)
        homeless += [Homeless(claim, template, slots) for template, slots in left.values()]
    return homeless


def driven_out(claims: Sequence[Claim], ground: Ground, present: Present) -> Mapping[PodKey, EvictionRecord]:
    """Return the pods that a rollout keeps for now and that a taint drives off their hosts; those of a job are over."""
    found = {}
    for claim in claims if ground.tainted else ():
        for pod in claim.kept if claim.job is None else ():
            if not pod.seen or pod.key in ground.evicted:
                continue
            demand = (present.template_of(pod) or claim.template).demand
            if evicts(ground.hosts[pod.host].body, demand, ground.taint_ages(pod.host)):
                found[pod.key] = EvictionRecord(host=pod.host, reason="evicted", why="is evicted by a taint")
    return found


def _may_stay(claim: Claim, slot: Slot, host: Declared[Host], taken: list[HostPort], ground: Ground) -> bool:
    """Tell whether a pod stays on its host, and count its ports and its volumes in.

    A Pod follows its nodeName, nodeSelector and node affinity when they change; so does one that is to be made anew
    under its name. For other pods that would be another template; a host whose labels change keeps them, as in
    Kubernetes. No pod stays away from its volumes, nor from the host that its slot is for. One that ran to its end
    needs nothing of its host any more.
    """
    template, name = claim.template_of(slot), host.key.name
    demand = template.demand
    if slot.host and slot.host != name:
        return False
    live = ground.sight.pods.get(slot.key)
    bound = template.hash and live is not None and live.generation == template.hash
    if not bound and mismatch(demand, name, host_labels(host)):
        return False
    if live is not None and claim.ended(live):
        return True
    clash = any(port.conflicts(other) for port in demand.ports for other in taken)
    if clash or evicts(host.body, demand, ground.taint_ages(name)):
        return False
    if template.claiming:
        uses, ledger = uses_of(template, slot), ground.ledger
        if refusal(ledger, uses, slot.name) or against(ledger, uses, name, slot.name):
            return False
        ledger.use(uses, name, slot.name)
    taken.extend(demand.ports)
    return True
