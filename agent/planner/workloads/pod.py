"""A Pod that is declared by itself: always wanted, changed in its place by the host planner."""

from collections.abc import Mapping

from agent.model.objects.meta import PodKey
from agent.planner.live import Live
from agent.planner.template import Template, first_slots
from agent.planner.workload import Claim


def claim(template: Template, pods: Mapping[PodKey, Live]) -> Claim:
    """Return what a Pod wants: itself. Whatever runs under its name is taken for it."""
    slots = first_slots(template, 1)
    live = pods.get(slots[0].key)
    ready = int(live is not None and live.ready_since(template.names, template.annotations) is not None)
    current = () if live is None else (live,)
    return Claim(template=template, final=slots, now=slots, current=current, ready=ready, available=ready)
