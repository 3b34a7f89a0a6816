from collections.abc import Mapping, Sequence

from agent.model.objects.fleet import Fleet
from agent.model.objects.host import Host
from agent.model.objects.meta import Declared, ObjectKey
from agent.model.podresources import Amounts
from agent.planner.scheduler import Room
from agent.simulator.whatif.answer import Peak
from agent.simulator.whatif.capacity import is_assumed, requests
from agent.simulator.whatif.census import Counted
from agent.simulator.whatif.machine import Imagined


class Peaks:
    """The most that the pods of each host asked for at one moment."""

    def __init__(self) -> None:
        self._most: dict[str, tuple[int, int, int]] = {}
        self._known: dict[ObjectKey, Amounts] = {}
        self._fleet: Fleet | None = None

    def take(self, host: str, fleet: Fleet, pods: Sequence[Counted]) -> None:
        """Take in what a host runs now. Ended pods ask for nothing any more."""
        if fleet is not self._fleet:
            self._fleet = fleet
            self._known.clear()
        asked = [self._requests(fleet, pod.owner) for pod in pods if pod.alive]
        now = (
            sum(one.get("cpu", 0) for one in asked),
            sum(one.get("memory", 0) for one in asked),
            len(asked),
        )
        most = self._most.get(host, now)
        self._most[host] = (max(most[0], now[0]), max(most[1], now[1]), max(most[2], now[2]))

    def _requests(self, fleet: Fleet, owner: ObjectKey) -> Amounts:
        if owner not in self._known:
            self._known[owner] = requests(fleet, owner)
        return self._known[owner]

    def answer(self, fleet: Fleet, machines: Mapping[str, Imagined], *, live: bool) -> tuple[Peak, ...]:
        """Return the peaks of all hosts of a fleet, by name."""
        found = []
        for key, declared in fleet.objects.items():
            body = declared.body
            if not isinstance(body, Host) or key.name not in machines:
                continue
            room = Room(Declared(key=key, body=body, origin=declared.origin), machines[key.name].seen)
            cpu, memory, pods = self._most.get(key.name, (0, 0, 0))
            found.append(
                Peak(
                    host=key.name,
                    cpu=cpu,
                    memory=memory,
                    pods=pods,
                    cpu_capacity=room.cpu,
                    memory_capacity=room.memory,
                    pods_capacity=room.pods,
                    assumed=not live and is_assumed(body),
                )
            )
        return tuple(sorted(found, key=lambda one: one.host))
