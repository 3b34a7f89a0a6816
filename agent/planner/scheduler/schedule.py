import heapq
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Final, NamedTuple

from agent.model.objects.pod import NodeAffinity
from agent.model.value import Value
from agent.planner.scheduler.company import Company
from agent.planner.scheduler.demand import Demand
from agent.planner.scheduler.filters import FILLING, LASTING, refusal, short_of
from agent.planner.scheduler.neighbours import Neighbours
from agent.planner.scheduler.room import Room
from agent.planner.scheduler.scores import Candidate, image_score, totals
from agent.planner.scheduler.spread import Spread

_NAMED: Final = 4
"""How many hosts a message names for one reason."""

_Rank = tuple[int, bool, int, int, int, str]


class Refused(Value, frozen=True, kw_only=True):
    """No host takes the pod: every host's reason, in the reader's words."""

    why: str


def _anywhere(_host: str) -> str:
    return ""


class Scheduler:
    """Places pods one after another, each counted into its room before the next is placed.

    ``company`` are the pods that have their places; None as long as no pod of the fleet minds its neighbours.
    """

    def __init__(self, rooms: Sequence[Room], company: Company | None = None) -> None:
        self._rooms = rooms
        self._company = company
        self._labels = {room.name: room.labels for room in rooms}
        self._by_name = {room.name: room for room in rooms}
        self._suited: dict[Hashable, _Suited] = {}
        self._full: dict[Hashable, Refused] = {}
        """What was found to have room nowhere, until somebody moves: of pods that fit nowhere many are alike."""

    def place(
        self,
        demand: Demand,
        count: int,
        siblings: Mapping[str, int],
        *,
        suits: Callable[[str], str] = _anywhere,
        packing: bool = False,
    ) -> tuple[str | Refused, ...]:
        """Choose hosts for ``count`` equal pods; ``suits`` returns what else is against a host, by its name.

        A pod that minds where its neighbours or its hosts are gets the host with the best score. For all others, by
        far the most: hosts with a taint that prefers no such pods come last, before them those where a pod that is to
        go still holds a host port; then those with the fewest ``siblings`` (pods of the same owner) come first, then
        the emptiest, then those with the fewest pods, then by name. With ``packing`` the fullest come before those.
        """
        if self._full and (full := self._no_room(demand)) is not None:
            return (full,) * count
        # A pod with nodeName never meets Kubernetes' scheduler.
        minds = self._company is not None and not demand.node_name
        neighbours = Neighbours(demand, self._company, self._labels) if self._company is not None and minds else None
        if neighbours or (minds and demand.spread) or _prefers_hosts(demand):
            answers = self._place_choosy(demand, count, dict(siblings), neighbours, suits, packing=packing)
        else:
            answers = self._place_plain(demand, count, siblings, suits, packing=packing)
            if self._company is not None:
                for answer in answers:
                    if isinstance(answer, str):
                        self._company.join(demand, answer)
        self._full.clear()
        if not isinstance(answers[-1], str):
            self._no_room(demand)
        return answers

    def pin(
        self,
        demand: Demand,
        hosts: Sequence[str],
        *,
        suits: Callable[[str], str] = _anywhere,
        alone: bool = False,
    ) -> tuple[str | Refused, ...]:
        """Place equal pods, each on a host that is decided already; what speaks against it counts all the same.

        ``alone`` if no pod may be on any other host.
        """
        neighbours = Neighbours(demand, self._company, self._labels) if self._company is not None else None
        spread = Spread(demand, self._company or Company({}), self._rooms, alone=alone) if demand.spread else None
        answers: list[str | Refused] = []
        for host in hosts:
            room = self._by_name.get(host)
            if room is None:
                answers.append(Refused(why=f"there is no host {host}"))
                continue
            if why := (
                refusal(LASTING, demand, room)
                or refusal(FILLING, demand, room)
                or suits(host)
                or (neighbours.refusal(room.labels) if neighbours is not None else "")
                or (spread.refusal(room.labels) if spread is not None else "")
            ):
                answers.append(Refused(why=f"{why} on {host}"))
                continue
            room.take(demand)
            self._full.clear()
            for company in (neighbours, spread):
                if company is not None:
                    company.placed(room.labels)
            if self._company is not None:
                self._company.join(demand, host)
            answers.append(host)
        return tuple(answers)

    def if_emptier(
        self, demand: Demand, *, suits: Callable[[str], str] = _anywhere, alone: bool = False
    ) -> Sequence[Room]:
        """Return the hosts that would take a pod if others made room: nothing else speaks against them."""
        neighbours = Neighbours(demand, self._company, self._labels) if self._company is not None else None
        spread = Spread(demand, self._company or Company({}), self._rooms, alone=alone) if demand.spread else None
        return [
            room
            for _unwelcome, room in self._suited_for(demand).rooms
            if not (
                suits(room.name)
                or (neighbours is not None and neighbours.refusal(room.labels))
                or (spread is not None and spread.refusal(room.labels))
            )
        ]

    def short(self, demand: Demand, host: str) -> str:
        """Return what a host lacks for one more pod; empty when it has the room."""
        return short_of(demand, self._by_name[host])

    def take(self, demand: Demand, host: str) -> None:
        """Count a pod in, on a host that was chosen otherwise."""
        self._by_name[host].take(demand)
        self._full.clear()
        if self._company is not None:
            self._company.join(demand, host)

    def give(self, demand: Demand, host: str) -> None:
        """Count a pod out of its host again."""
        self._by_name[host].give(demand)
        self._full.clear()
        if self._company is not None:
            self._company.leave(demand, host)

    def _place_plain(
        self,
        demand: Demand,
        count: int,
        siblings: Mapping[str, int],
        suits: Callable[[str], str],
        *,
        packing: bool,
    ) -> tuple[str | Refused, ...]:
        suited, beside, rank_of = self._suited_for(demand), dict(siblings), _packed_rank if packing else _rank
        refused = dict(suited.refused)
        order = [(rank_of(demand, room, unwelcome, beside.get(room.name, 0)), room) for unwelcome, room in suited.rooms]
        heapq.heapify(order)
        answers: list[str | Refused] = []
        while len(answers) < count and order:
            rank, room = order[0]
            if reason := refusal(FILLING, demand, room) or suits(room.name):
                # Rooms only fill up here, so what does not fit now never will.
                refused[room.name] = reason
                heapq.heappop(order)
                continue
            room.take(demand)
            answers.append(room.name)
            beside[room.name] = beside.get(room.name, 0) + 1
            heapq.heapreplace(order, (rank_of(demand, room, rank[0], beside[room.name]), room))
        if len(answers) < count:
            answers += [Refused(why=_explained(demand, refused))] * (count - len(answers))
        return tuple(answers)

    def _place_choosy(
        self,
        demand: Demand,
        count: int,
        siblings: dict[str, int],
        neighbours: Neighbours | None,
        suits: Callable[[str], str],
        *,
        packing: bool,
    ) -> tuple[str | Refused, ...]:
        suited, company = self._suited_for(demand), self._company or Company({})
        spread = Spread(demand, company, self._rooms)
        answers: list[str | Refused] = []
        if neighbours is not None and not neighbours:
            neighbours = None
        # Of all rooms only the one that a pod moves into is fuller for the next.
        full = {room.name: refusal(FILLING, demand, room) or suits(room.name) for _, room in suited.rooms}
        for _ in range(count):
            refused, found = dict(suited.refused), list[Candidate]()
            for unwelcome, room in suited.rooms:
                if why := (
                    full[room.name]
                    or (neighbours.refusal(room.labels) if neighbours is not None else "")
                    or spread.refusal(room.labels)
                ):
                    refused[room.name] = why
                    continue
                beside = 0.0 if packing else float(siblings.get(room.name, 0))
                crowd = spread.crowd(room.labels) if spread.prefers else beside
                liked = neighbours.preference(room.labels) if neighbours is not None else 0
                found.append(Candidate(room, unwelcome, crowd, liked))
            if not found:
                answers += [Refused(why=_explained(demand, refused))] * (count - len(answers))
                break
            room = self._best(demand, found, packing=packing)
            room.take(demand)
            full[room.name] = refusal(FILLING, demand, room) or suits(room.name)
            company.join(demand, room.name)
            spread.placed(room.labels)
            if neighbours is not None:
                neighbours.placed(room.labels)
            siblings[room.name] = siblings.get(room.name, 0) + 1
            answers.append(room.name)
        return tuple(answers)

    def _best(self, demand: Demand, found: Sequence[Candidate], *, packing: bool) -> Room:
        """Return the host with the highest score; ties go to the one with the fewest pods, then by name."""
        having = {image: sum(image in one.room.images for one in found) for image in demand.images}
        nowhere = not any(having.values())
        scores = totals(
            demand,
            found,
            lambda room: 0 if nowhere else image_score(demand, room, having, len(found)),
            packing=packing,
        )
        return min(
            zip(scores, found, strict=True),
            key=lambda one: (_waits(demand, one[1].room), -one[0], one[1].room.pods_used, one[1].room.name),
        )[1].room

    def _suited_for(self, demand: Demand) -> "_Suited":
        """Return the rooms that suit a pod whatever else is there; pods with equal wishes share the answer."""
        wishes = _wishes(demand)
        if wishes not in self._suited:
            refused, rooms = {}, []
            for room in self._rooms:
                if reason := refusal(LASTING, demand, room):
                    refused[room.name] = reason
                else:
                    avoids = (one for one in room.taints if one.effect == "PreferNoSchedule")
                    rooms.append((sum(not demand.tolerates(one) for one in avoids), room))
            self._suited[wishes] = _Suited(rooms, refused)
        return self._suited[wishes]

    def _no_room(self, demand: Demand) -> Refused | None:
        """Return what every host has against a pod if none has the room for it, wherever else it might go; else None.

        Nothing but room is asked then, so that the answer is that of all pods which suit the same hosts and take up
        the same.
        """
        alike = (_wishes(demand), demand.cpu, demand.memory, demand.others, demand.ports)
        if alike not in self._full:
            suited = self._suited_for(demand)
            full = {room.name: refusal(FILLING, demand, room) for _, room in suited.rooms}
            if not all(full.values()):
                return None
            self._full[alike] = Refused(why=_explained(demand, {**suited.refused, **full}))
        return self._full[alike]


def _wishes(demand: Demand) -> Hashable:
    """Return what decides which hosts suit a pod."""
    selector = tuple(sorted(demand.node_selector.items()))
    return demand.node_name, selector, demand.tolerations, demand.handler, _node_affinity(demand)


def _node_affinity(demand: Demand) -> NodeAffinity | None:
    return demand.affinity.node_affinity if demand.affinity is not None else None


class _Suited(NamedTuple):
    """Rooms with how many of their taints would rather not have the pod, and why the other rooms refuse it."""

    rooms: Sequence[tuple[int, Room]]
    refused: Mapping[str, str]


def _rank(demand: Demand, room: Room, unwelcome: int, siblings: int) -> _Rank:
    return unwelcome, _waits(demand, room), siblings, -room.emptiness(demand), room.pods_used, room.name


def _packed_rank(demand: Demand, room: Room, unwelcome: int, siblings: int) -> _Rank:
    return unwelcome, _waits(demand, room), -room.fullness(demand), siblings, -room.pods_used, room.name


def _waits(demand: Demand, room: Room) -> bool:
    """Tell whether the pod would have to wait for one that goes to give up a host port."""
    return bool(demand.ports) and any(port.conflicts(other) for port in demand.ports for other in room.ports_ending)


def _prefers_hosts(demand: Demand) -> bool:
    affinity = _node_affinity(demand)
    return affinity is not None and bool(affinity.preferred_during_scheduling_ignored_during_execution)


def _explained(demand: Demand, refused: Mapping[str, str]) -> str:
    """Return ``cpu short by 500m on edge-1, edge-2; taint x:NoSchedule on edge-3``."""
    if demand.node_name:
        if demand.node_name not in refused:
            return f"there is no host {demand.node_name}"
        refused = {demand.node_name: refused[demand.node_name]}
    hosts: dict[str, list[str]] = {}
    for name in sorted(refused):
        hosts.setdefault(refused[name], []).append(name)
    return "; ".join(f"{reason} on {_listed(names)}" for reason, names in sorted(hosts.items())) or "there is no host"


def _listed(names: Sequence[str]) -> str:
    rest = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + rest
