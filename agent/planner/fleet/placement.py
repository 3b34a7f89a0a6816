"""Where every wanted pod goes: where it runs, else where it was meant to run, else where the scheduler says."""

from collections import Counter
from collections.abc import Mapping, Sequence

from agent.model.memory import Memory
from agent.model.objects.host import Host
from agent.model.objects.meta import Declared, PodKey
from agent.model.plan import FleetInput
from agent.model.value import Value
from agent.planner.fleet.sight import Sight
from agent.planner.live import Live
from agent.planner.scheduler import HostPort, Refused, Room, Scheduler, evicts, host_labels, mismatch
from agent.planner.template import Slot, Template
from agent.planner.workload import Claim

Hosts = Mapping[str, Declared[Host]]


class Placed(Value, frozen=True, kw_only=True):
    """The host of each pod that has one, why the others have none, and the pods that may not stay where they are."""

    hosts: Mapping[PodKey, str]
    refused: Mapping[PodKey, str] = {}
    moving: Mapping[PodKey, Live] = {}


def place(claims: Sequence[Claim], sight: Sight, hosts: Hosts, given: FleetInput, lingering: Sequence[Live]) -> Placed:
    """Give every slot of every claim a host, for the state that the claims want in the end.

    All slots are placed as soon as they are known, not as a rollout gets to them, so that where a pod lands does not
    depend on the order in which others come and go. Pods that a rollout keeps for now take no room: they make it.
    ``lingering`` are pods that no claim wants and that stay all the same.
    """
    placed: dict[PodKey, str] = {}
    homeless = _stay(claims, sight, hosts, given.memory, placed)
    if not homeless:
        return Placed(hosts=placed)
    rooms = {name: Room(hosts[name], given.observations[name]) for name in sorted(hosts)}
    for claim in claims:
        for slot in claim.final:
            if slot.key in placed:
                rooms[placed[slot.key]].take(claim.template.demand)
    for pod in lingering:
        rooms[pod.host].hold(held_ports(pod))
    _mark_ending(sight, placed, rooms)
    refused: dict[PodKey, str] = {}
    scheduler = Scheduler(list(rooms.values()))
    for claim, slots in homeless:
        if claim.template.unresolved:
            refused.update((slot.key, claim.template.unresolved) for slot in slots)
            continue
        siblings = Counter(placed[slot.key] for slot in claim.final if slot.key in placed)
        answers = scheduler.place(claim.template.demand, len(slots), siblings)
        for slot, answer in zip(slots, answers, strict=True):
            if isinstance(answer, Refused):
                refused[slot.key] = answer.why
            else:
                placed[slot.key] = answer
    moving = {slot.key: sight.pods[slot.key] for _, slots in homeless for slot in slots if slot.key in sight.pods}
    return Placed(hosts=placed, refused=refused, moving=moving)


def _mark_ending(sight: Sight, placed: Mapping[PodKey, str], rooms: Mapping[str, Room]) -> None:
    for host, room in rooms.items():
        for pod in sight.on_host[host]:
            if placed.get(pod.key) != host:
                room.ports_ending.extend(held_ports(pod))


def held_ports(pod: Live) -> tuple[HostPort, ...]:
    """Return the host ports that a pod was seen to hold."""
    if pod.observed is None:
        return ()
    return tuple(
        HostPort(port=mapping.host_port, protocol=mapping.protocol, address=mapping.host_ip)
        for mapping in pod.observed.sandbox.config.port_mappings
        if mapping.host_port
    )


def _stay(
    claims: Sequence[Claim], sight: Sight, hosts: Hosts, memory: Memory, placed: dict[PodKey, str]
) -> list[tuple[Claim, list[Slot]]]:
    """Fill in the pods that stay where they are or were meant to be; return the rest."""
    evicting = any(taint.effect == "NoExecute" for host in hosts.values() for taint in host.body.spec.taints)
    ports: dict[str, list[HostPort]] = {}
    homeless = []
    for claim in claims:
        template = claim.template
        choosy = evicting or template.demand.ports or not template.hash
        left = []
        for slot in claim.final:
            live = sight.pods.get(slot.key)
            host = live.host if live else memory.placements.get(slot.name, "")
            if host in hosts and (not choosy or _may_stay(template, hosts[host], ports.setdefault(host, []))):
                placed[slot.key] = host
            else:
                left.append(slot)
        if left:
            homeless.append((claim, left))
    return homeless


def _may_stay(template: Template, host: Declared[Host], taken: list[HostPort]) -> bool:
    """Tell whether a pod stays on its host, and count its ports in.

    A Pod follows its nodeName and nodeSelector when they change. For a Deployment's pods that would be another
    template; a host whose labels change keeps them, as in Kubernetes.
    """
    demand = template.demand
    strayed = not template.hash and mismatch(demand, host.key.name, host_labels(host))
    clash = any(port.conflicts(other) for port in demand.ports for other in taken)
    if strayed or clash or evicts(host.body, demand):
        return False
    taken.extend(demand.ports)
    return True
