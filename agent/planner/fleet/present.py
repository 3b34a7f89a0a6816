"""What takes up each host right now: every pod that is bound to it and has not ended, as Kubernetes' scheduler counts.

That is more than what is to be there in the end: pods of older templates, pods that go until they are gone, pods that
nobody declares.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from msgspec.structs import replace

from agent.model.objects.meta import PodKey
from agent.model.observation import Seen
from agent.model.status import PodCondition
from agent.planner.fleet.ground import Ground
from agent.planner.live import Live
from agent.planner.scheduler import Demand, Room, outgrows, seen_demand, short_of
from agent.planner.template import Template
from agent.planner.workload import Claim


class Present:
    """The room that hosts have now. Each is looked at when it is first asked for: most plans ask for few."""

    def __init__(self, claims: Sequence[Claim], ground: Ground) -> None:
        self._ground = ground
        self._claims = {claim.template.declared.key: claim for claim in claims}
        self._rooms: dict[str, Room] = {}
        self._grown: set[PodKey] = set()
        self._let_in: dict[str, list[Demand]] = {}
        """By host, until its room is looked at."""

    def room(self, host: str) -> Room:
        """Return what a host has left, with what was let in to start there."""
        room = self._rooms.get(host)
        if room is None:
            room = self._rooms[host] = self._empty(host)
            for pod in self._ground.sight.on_host[host]:
                if (demand := self.demand(pod)) is not None:
                    room.take(demand)
            for demand in self._let_in.pop(host, ()):
                room.take(demand)
        return room

    def let_in(self, demand: Demand, host: str) -> None:
        """Count a pod in that is about to start."""
        if (room := self._rooms.get(host)) is not None:
            room.take(demand)
        else:
            self._let_in.setdefault(host, []).append(demand)

    def _empty(self, host: str) -> Room:
        ground = self._ground
        return Room(ground.hosts[host], ground.given.observations[host], ground.taint_ages(host))

    def short(self, demand: Demand, host: str) -> str:
        """Return what a host lacks now for one more pod; empty when it has the room."""
        room = self.room(host)
        return room.absent or short_of(demand, room)

    def short_without(self, demand: Demand, host: str, going: AbstractSet[PodKey]) -> tuple[str, Sequence[Live]]:
        """Return what a host will lack for one more pod once those that go are gone, and who these are."""
        room, there = self.room(host), self._ground.sight.on_host[host]
        found = [(pod, asked) for pod in there if pod.key in going and (asked := self.demand(pod)) is not None]
        for _, asked in found:
            room.give(asked)
        why = room.absent or short_of(demand, room)
        for _, asked in found:
            room.take(asked)
        return why, [pod for pod, _ in found]

    def demand(self, pod: Live) -> Demand | None:
        """Return what a pod takes up; None for one that ran to its end.

        What it was made from says so; of one of which nobody knows that any more, what its containers were given.
        """
        if pod.over:
            return None
        template = self.template_of(pod)
        if template is not None:
            return pod.given if self.outgrown(template, pod) else template.demand
        if pod.observed is None:
            return Demand(namespace=pod.key.namespace)
        observation = self._ground.given.observations[pod.host]
        known = observation if isinstance(observation, Seen) else observation.last_known
        return seen_demand(pod.observed, known.facts.memory_bytes if known is not None else 0)

    def outgrown(self, template: Template, pod: Live) -> bool:
        """Tell whether a Pod that is declared by itself asks for more than it was given, and did not get it yet."""
        return (
            pod.given is not None
            and not template.hash
            and pod.key not in self._grown
            and set(template.names) <= set(pod.names)
            and outgrows(template.spec, pod.given)
            and not pod.over
        )

    def grow(self, template: Template, pod: Live) -> str:
        """Let a Pod have on its host what it asks for by now; return what the host lacks for that."""
        given = pod.given
        if given is None or not self.outgrown(template, pod):
            return ""
        room = self.room(pod.host)
        room.give(given)
        why = short_of(template.demand, room)
        room.take(given if why else template.demand)
        if not why:
            self._grown.add(pod.key)
        return why

    def pending_resize(self, demand: Demand, host: str) -> PodCondition:
        """Return the condition of a pod that cannot have what it asks for by now: a kubelet's."""
        never = short_of(demand, self._empty(host))
        reason = "Infeasible" if never else "Deferred"
        message = f"{never} on {host}, even if it were empty" if never else f"{host} has not the room for now"
        return PodCondition(type="PodResizePending", status="True", reason=reason, message=message)

    def neighbour(self, pod: Live) -> Demand:
        """Return a pod as its neighbours know it, by the labels that it was seen to have."""
        template = self.template_of(pod)
        known = Demand(namespace=pod.key.namespace) if template is None else template.demand
        return known if pod.observed is None else replace(known, labels=pod.observed.labels)

    def template_of(self, pod: Live) -> Template | None:
        """Return what a pod was made from, as far as anybody knows."""
        claim = self._claims.get(pod.owner) if pod.owner is not None else None
        if claim is None:
            return None
        return claim.template if pod.generation == claim.template.hash else claim.earlier.get(pod.generation)
