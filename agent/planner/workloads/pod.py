"""A Pod that is declared by itself: always wanted, changed in its place by the host planner."""

from agent.planner.template import first_slots
from agent.planner.workload import Claim, Scope


def claim(scope: Scope) -> Claim:
    """Return what a Pod wants: itself. Whatever runs under its name is taken for it."""
    template = scope.template
    slots = first_slots(template, 1)
    lost = tuple(pod for pod in scope.live if pod.lost)
    current = tuple(pod for pod in scope.live if not pod.lost)
    ready = sum(pod.ready_since(template.names, template.annotations) is not None for pod in current)
    return Claim(template=template, final=slots, now=slots, current=current, lost=lost, ready=ready, available=ready)
