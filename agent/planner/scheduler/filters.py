"""Why a host does not take a pod. Each filter returns the reason, or nothing; the first reason counts."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from agent.model.objects.host import Host, Taint
from agent.model.podrequests import HUGEPAGES
from agent.planner.scheduler.demand import Demand
from agent.planner.scheduler.nodes import suits
from agent.planner.scheduler.room import CORDON, Room

Filter = Callable[[Demand, Room], str]


def refusal(filters: Iterable[Filter], demand: Demand, room: Room) -> str:
    """Return the first reason against a host; empty when there is none."""
    for one in filters:
        if reason := one(demand, room):
            return reason
    return ""


def evicts(host: Host, demand: Demand, ages: Mapping[Taint, float]) -> bool:
    """Tell whether a host drives a pod away that is already there (NoExecute); ``ages`` are those of its taints."""
    return any(
        taint.effect == "NoExecute" and not demand.tolerates(taint, ages.get(taint, 0.0)) for taint in host.spec.taints
    )


def mismatch(demand: Demand, name: str, labels: Mapping[str, str]) -> str:
    """Return why a host is none that nodeName, nodeSelector and node affinity mean; empty when it is one."""
    if demand.node_name and demand.node_name != name:
        return f"not {demand.node_name}"
    missing = [f"{key}={value}" for key, value in sorted(demand.node_selector.items()) if labels.get(key) != value]
    if missing:
        return f"no label {', '.join(missing)}"
    wanted = demand.affinity.node_affinity if demand.affinity is not None else None
    required = wanted.required_during_scheduling_ignored_during_execution if wanted is not None else None
    return "" if required is None or suits(required, name, labels) else "node affinity does not match"


def _selected(demand: Demand, room: Room) -> str:
    return mismatch(demand, room.name, room.labels)


def _present(_demand: Demand, room: Room) -> str:
    return room.absent


def _handled(demand: Demand, room: Room) -> str:
    """Look for the runtime handler, where the host's containerd tells which it has."""
    there = not demand.handler or not room.handlers or demand.handler in room.handlers
    return "" if there else f"containerd has no runtime handler {demand.handler}"


def _tainted(demand: Demand, room: Room) -> str:
    # A pod with nodeName never meets Kubernetes' scheduler: only what would evict it keeps it away.
    repelling = {"NoExecute"} if demand.node_name else {"NoSchedule", "NoExecute"}
    ages = room.taint_ages
    found = next(
        (one for one in room.taints if one.effect in repelling and not demand.tolerates(one, ages.get(one, 0.0))), None
    )
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


def _others(demand: Demand, room: Room) -> str:
    """Name the further resource that is short. Huge pages are there or not; a disk of unknown size bounds nothing."""
    for name, amount in demand.others:
        there = room.others.get(name, 0)
        short = room.others_used.get(name, 0) + amount - there
        if short > 0 and (there or name.startswith(HUGEPAGES)):
            return f"{name} short by {-(-short // (1 << 20))}Mi"
    return ""


def _ports(demand: Demand, room: Room) -> str:
    taken = next((one for one in demand.ports if any(one.conflicts(other) for other in room.ports_used)), None)
    return "" if taken is None else f"host port {taken} is taken"


LASTING: Final[tuple[Filter, ...]] = (_selected, _present, _tainted, _handled)
"""What other pods cannot change."""
FILLING: Final[tuple[Filter, ...]] = (_counted, _cpu, _memory, _others, _ports)
"""What every pod that is placed makes tighter."""


def short_of(demand: Demand, room: Room) -> str:
    """Return what a room lacks for a pod with all that is counted into it; empty when it has the room."""
    return refusal(FILLING, demand, room)
