"""Checks that a plan keeps the laws, whoever wrote it: run in every test, and before anybody acts.

Each finding is a sentence that names the action. An empty answer means that the plan may be done.
"""

from collections.abc import Iterator
from itertools import combinations

from agent.model.action import StopSandbox
from agent.model.labels import AGENT
from agent.model.objects.meta import PodKey
from agent.model.observation import Seen
from agent.model.plan import HostInput, HostPlan
from agent.planner.host.linting.steps import lint_steps
from agent.planner.host.rules.hostports import clash, freed, taken
from agent.planner.host.rules.order import find_cycle


def lint_plan(given: HostInput, plan: HostPlan) -> tuple[str, ...]:
    """Return every way in which a plan breaks the laws."""
    if not plan.actions:
        return ()
    seen = given.observation
    if not isinstance(seen, Seen):
        return (f"host {plan.host} cannot be seen, and yet there are {len(plan.actions)} actions",)
    return (
        *_order(plan),
        *_ports(given, plan, seen),
        *_removals(given, plan, seen),
        *(f"{action.id}: {what}" for action in plan.actions for what in lint_steps(action, given, seen)),
    )


def _order(plan: HostPlan) -> Iterator[str]:
    ids = [action.id for action in plan.actions]
    for name in sorted({name for name in ids if ids.count(name) > 1}):
        yield f"{name}: there is more than one action of this id"
    for action in plan.actions:
        for name in action.after:
            if name not in ids:
                yield f"{action.id}: comes after {name}, which is not in the plan"
    if cycle := find_cycle(plan.actions):
        yield f"actions wait for each other: {', '.join(action.id for action in cycle)}"


def _ports(given: HostInput, plan: HostPlan, seen: Seen) -> Iterator[str]:
    takers = [action for action in plan.actions if taken(action)]
    for one, other in combinations(takers, 2):
        if any(clash(port, theirs) for port in taken(one) for theirs in taken(other)):
            yield f"{one.id} and {other.id} take the same host port"
    for action in takers:
        ended_before = _ended_before(action.id, plan)
        for holder in seen.sandboxes:
            counts = holder.ready or holder.config.labels.get(AGENT) == given.desired.agent
            for port in taken(action):
                held = any(clash(port, theirs) for theirs in holder.config.port_mappings)
                if counts and held and holder.id not in ended_before:
                    yield f"{action.id}: host port {port.host_port} is still held by sandbox {holder.id}"


def _ended_before(name: str, plan: HostPlan) -> frozenset[str]:
    """Return the sandboxes that an action, and all that it comes after, end."""
    by_id = {action.id: action for action in plan.actions}
    ended, pending, done = set[str](), [name], set[str]()
    while pending:
        action = by_id.get(pending.pop())
        if action is not None and action.id not in done:
            done.add(action.id)
            ended |= freed(action)
            pending += action.after
    return frozenset(ended)


def _removals(given: HostInput, plan: HostPlan, seen: Seen) -> Iterator[str]:
    """Find pods that would go without anybody having said so; one that makes room for itself is excused."""
    stay: set[PodKey] = {pod.key for pod in given.desired.pods} | {pod.key for pod in given.desired.kept}
    go = {pod.key for pod in given.desired.leaving} - stay
    go |= {one.pod for one in seen.strain.victims}
    go |= {entry.pod for entry in plan.waiting if entry.reason == "predecessor" and entry.pod in stay}
    for action in plan.actions:
        if action.verb != "remove" or action.pod in go:
            continue
        ended = {step.sandbox_id for step in action.steps if isinstance(step, StopSandbox)}
        own = [
            one.id
            for one in seen.sandboxes
            if (one.config.namespace, one.config.name) == (action.pod.namespace, action.pod.name)
            and one.config.labels.get(AGENT) == given.desired.agent
        ]
        if ended and ended.issuperset(own):
            yield f"{action.id}: the pod is to go by nobody's word, and would be removed"
