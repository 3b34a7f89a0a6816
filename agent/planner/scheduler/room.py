from collections.abc import Iterable, Mapping
from typing import Final

from agent.model.capacity import allotment_of, capacity
from agent.model.objects.host import Host, Taint
from agent.model.objects.meta import Declared
from agent.model.observation import Observation, Seen
from agent.model.podrequests import CPU, MEMORY
from agent.model.strain import Shortage
from agent.planner.scheduler.demand import Demand, HostPort

_ASSUMED_CPU: Final = 100
_ASSUMED_MEMORY: Final = 200 << 20
"""What a pod that asks for nothing counts as in scores (never in filters), as in Kubernetes."""
CORDON: Final = Taint(key="node.kubernetes.io/unschedulable", effect="NoSchedule")
"""The taint of a host that takes nothing new, because it is cordoned or drained."""


def pressure_taint(shortage: Shortage) -> Taint:
    """Return the taint by which Kubernetes keeps pods off a host that is short of something."""
    name = "memory-pressure" if shortage == "MemoryPressure" else "disk-pressure"
    return Taint(key=f"node.kubernetes.io/{name}", effect="NoSchedule")


def host_labels(declared: Declared[Host]) -> Mapping[str, str]:
    """Return a host's labels with those that Kubernetes gives every node."""
    return {
        "kubernetes.io/hostname": declared.key.name,
        "kubernetes.io/os": "linux",
        **declared.body.metadata.labels,
    }


class Room:
    """What one host offers and what is taken already, while pods are being placed.

    A capacity that is neither declared nor discovered is 0 and bounds nothing.
    """

    def __init__(
        self, declared: Declared[Host], observation: Observation, taint_ages: Mapping[Taint, float] | None = None
    ) -> None:
        spec, name = declared.body.spec, declared.key.name
        facts = observation.facts if isinstance(observation, Seen) else None
        self.name = name
        self.labels = host_labels(declared)
        self.taints = (*spec.taints, CORDON) if spec.unschedulable or spec.drain else spec.taints
        if isinstance(observation, Seen) and observation.strain.shortages:
            self.taints = (*self.taints, *map(pressure_taint, observation.strain.shortages))
        self.taint_ages = taint_ages or {}
        self.absent = ""
        """Why nothing new can go there."""
        if facts is None:
            self.absent = "unseen"
        elif not (facts.runtime_ready and facts.network_ready):
            self.absent = "runtime not ready"
        found = capacity(allotment_of(spec), facts)
        self.cpu, self.memory, self.pods = found.get(CPU, 0), found.get(MEMORY, 0), found["pods"]
        self.others = {name: amount for name, amount in found.items() if name not in {CPU, MEMORY, "pods"}}
        self.handlers = facts.handlers if facts else ()
        self._seen = observation if isinstance(observation, Seen) else None
        self._images: Mapping[str, int] | None = None
        self.cpu_used = self.memory_used = self.pods_used = 0
        self.others_used: dict[str, int] = {}
        self.ports_used: list[HostPort] = []
        self.ports_ending: list[HostPort] = []
        """Ports of pods that go sooner or later: a pod that wants one of these would have to wait."""
        self._cpu_weighed = self._memory_weighed = 0
        self._emptiness: dict[tuple[int, int], int] = {}
        """By CPU and memory asked for: most rooms are weighed for many pods before one of them moves in."""
        self._balances: dict[tuple[int, int], int] = {}

    def take(self, demand: Demand) -> None:
        """Count a pod in."""
        self.cpu_used += demand.cpu
        self.memory_used += demand.memory
        self._cpu_weighed += demand.cpu or _ASSUMED_CPU
        self._memory_weighed += demand.memory or _ASSUMED_MEMORY
        for name, amount in demand.others:
            self.others_used[name] = self.others_used.get(name, 0) + amount
        self._emptiness.clear()
        self._balances.clear()
        self.hold(demand.ports)

    def give(self, demand: Demand) -> None:
        """Count a pod out again."""
        self.cpu_used -= demand.cpu
        self.memory_used -= demand.memory
        self._cpu_weighed -= demand.cpu or _ASSUMED_CPU
        self._memory_weighed -= demand.memory or _ASSUMED_MEMORY
        for name, amount in demand.others:
            self.others_used[name] -= amount
        self._emptiness.clear()
        self._balances.clear()
        self.pods_used -= 1
        for port in demand.ports:
            self.ports_used.remove(port)

    def hold(self, ports: Iterable[HostPort]) -> None:
        """Count a pod in of which only the ports are known."""
        self.pods_used += 1
        self.ports_used.extend(ports)

    def emptiness(self, demand: Demand) -> int:
        """Return LeastAllocated: percent left with the pod there, the mean over the capacities that are known."""
        asked = demand.cpu, demand.memory
        if (known := self._emptiness.get(asked)) is None:
            known = self._emptiness[asked] = self._percent_left(*asked)
        return known

    def fullness(self, demand: Demand) -> int:
        """Return MostAllocated: percent used with the pod there, the mean over the capacities that are known."""
        return 100 - self.emptiness(demand) if self.cpu or self.memory else 0

    @property
    def open(self) -> bool:
        """Whether new pods come here without tolerating anything."""
        return not self.absent and not any(taint.effect in {"NoSchedule", "NoExecute"} for taint in self.taints)

    @property
    def share(self) -> float:
        """Which part of the host its pods take up, as scores weigh them; by number where no capacity is known."""
        parts = [
            used / capacity
            for used, capacity in ((self._cpu_weighed, self.cpu), (self._memory_weighed, self.memory))
            if capacity
        ]
        return sum(parts) / len(parts) if parts else self.pods_used / max(1, self.pods)

    @property
    def images(self) -> Mapping[str, int]:
        """The sizes of the images that are there, by every name that they have."""
        if self._images is None:
            seen = self._seen.images if self._seen is not None else ()
            self._images = {name: one.size for one in seen for name in (*one.tags, *one.digests)}
        return self._images

    def balance(self, demand: Demand) -> int:
        """Return BalancedAllocation: 100 where CPU and memory would be used alike, less the further they are apart."""
        asked = demand.cpu, demand.memory
        if (known := self._balances.get(asked)) is None:
            known = self._balances[asked] = self._balance(demand)
        return known

    def _balance(self, demand: Demand) -> int:
        if not (self.cpu and self.memory):
            return 100
        cpu = min(1.0, (self.cpu_used + demand.cpu) / self.cpu)
        memory = min(1.0, (self.memory_used + demand.memory) / self.memory)
        return int(100 * (1 - abs(cpu - memory) / 2))

    def _percent_left(self, cpu: int, memory: int) -> int:
        left = []
        if self.cpu:
            left.append(max(0, self.cpu - self._cpu_weighed - (cpu or _ASSUMED_CPU)) * 100 // self.cpu)
        if self.memory:
            wanted = self._memory_weighed + (memory or _ASSUMED_MEMORY)
            left.append(max(0, self.memory - wanted) * 100 // self.memory)
        return sum(left) // len(left) if left else 0
