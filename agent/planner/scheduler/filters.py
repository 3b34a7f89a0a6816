"""Why a host does not take a pod. Each filter returns the reason, or nothing; the first reason counts."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from agent.model.objects.host import Host, Taint
from agent.planner.scheduler.demand import Demand
from agent.planner.scheduler.room import CORDON, Room

Filter = Callable[[Demand, Room], str]


def refusal(filters: Iterable[Filter], demand: Demand, room: Room) -> str:
    """Return the first reason against a host; empty when there is none."""
    for one in filters:
        if reason := one(demand, room):
            return reason
    return ""


def evicts(host: Host, demand: Demand) -> bool:
    """Tell whether a host drives a pod away that is already there (NoExecute)."""
    return any(taint.effect == "NoExecute" and not demand.tolerates(taint) for taint in host.spec.taints)


def mismatch(demand: Demand, name: str, labels: Mapping[str, str]) -> str:
    """Return why a host is none that the pod's nodeName and nodeSelector mean; empty when it is one."""
    if demand.node_name and demand.node_name != name:
        return f"not {demand.node_name}"
    missing = [f"{key}={value}" for key, value in sorted(demand.node_selector.items()) if labels.get(key) != value]
    return f"no label {', '.join(missing)}" if missing else ""


def _selected(demand: Demand, room: Room) -> str:
    return mismatch(demand, room.name, room.labels)


def _present(_demand: Demand, room: Room) -> str:
    return room.absent


def _tainted(demand: Demand, room: Room) -> str:
    # A pod with nodeName never meets Kubernetes' scheduler: only what would evict it keeps it away.
    repelling = {"NoExecute"} if demand.node_name else {"NoSchedule", "NoExecute"}
    found = next((one for one in room.taints if one.effect in repelling and not demand.tolerates(one)), None)
    return "" if found is None else "unschedulable" if found is CORDON else f"taint {_written(found)}"


def _written(taint: Taint) -> str:
    return f"{taint.key}={taint.value}:{taint.effect}" if taint.value else f"{taint.key}:{taint.effect}"


def _counted(_demand: Demand, room: Room) -> str:
    return f"{room.pods} pods are the most" if room.pods_used >= room.pods else ""


def _cpu(demand: Demand, room: Room) -> str:
    short = room.cpu_used + demand.cpu - room.cpu if room.cpu and demand.cpu else 0
    return f"cpu short by {short}m" if short > 0 else ""


def _memory(demand: Demand, room: Room) -> str:
    short = room.memory_used + demand.memory - room.memory if room.memory and demand.memory else 0
    return f"memory short by {-(-short // (1 << 20))}Mi" if short > 0 else ""


def _ports(demand: Demand, room: Room) -> str:
    taken = next((one for one in demand.ports if any(one.conflicts(other) for other in room.ports_used)), None)
    return "" if taken is None else f"host port {taken} is taken"


LASTING: Final[tuple[Filter, ...]] = (_selected, _present, _tainted)
"""What other pods cannot change."""
FILLING: Final[tuple[Filter, ...]] = (_counted, _cpu, _memory, _ports)
"""What every pod that is placed makes tighter."""
