"""Which host a pod goes to: filters refuse hosts with a reason each, scores choose among the rest."""

from agent.planner.scheduler.company import Company
from agent.planner.scheduler.demand import Demand, HostPort, demand_of
from agent.planner.scheduler.filters import evicts, mismatch, short_of
from agent.planner.scheduler.priority import Priorities, Standing
from agent.planner.scheduler.room import Room, host_labels
from agent.planner.scheduler.schedule import Refused, Scheduler
from agent.planner.scheduler.seen import held_ports, outgrows, seen_demand

__all__ = [
    "Company",
    "Demand",
    "HostPort",
    "Priorities",
    "Refused",
    "Room",
    "Scheduler",
    "Standing",
    "demand_of",
    "evicts",
    "held_ports",
    "host_labels",
    "mismatch",
    "outgrows",
    "seen_demand",
    "short_of",
]
