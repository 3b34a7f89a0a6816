"""Host ports: who holds one, who gives one up in this plan, and who has to wait."""

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from agent.model.action import Action, RunSandbox, StopSandbox
from agent.model.cri import PortMapping
from agent.model.labels import AGENT
from agent.model.objects.meta import PodKey
from agent.model.observation import SandboxSeen
from agent.model.plan import Waiting
from agent.planner.host.rules.making import take_away
from agent.planner.host.rules.order import find_cycle
from agent.planner.host.view import HostView, Reason, Subject, waits

_ANY_ADDRESS = frozenset({"", "0.0.0.0", "::"})  # noqa: S104 -- compared with, not bound to


def settle(
    actions: Sequence[Action], subjects: Mapping[PodKey, Subject], view: HostView
) -> tuple[list[Action], list[Waiting]]:
    """Return the actions that can have their host ports, each after those that free them, and who waits for whom."""
    chosen, waiting = list(actions), list[Waiting]()
    if not any(taken(action) for action in chosen):
        return chosen, waiting
    holders = [
        one
        for one in view.seen.sandboxes
        if one.config.port_mappings and (one.ready or one.config.labels.get(AGENT) == view.agent)
    ]
    # An action that is dropped keeps its old sandbox, and so its ports: repeat until nothing more is dropped.
    while (blocked := _first_blocked(chosen, holders, view.agent)) is not None:
        action, reason, message = blocked
        chosen.remove(action)
        waiting.append(waits(view, subjects[action.pod], reason, message))
    while cycle := find_cycle(ordered := [_after_those_who_free(action, chosen, holders) for action in chosen]):
        first = min(cycle, key=lambda action: action.pod)
        subject = subjects[first.pod]
        chosen = [take_away(action, subject) if action.id == first.id else action for action in chosen]
        message = "first gives up its host port, which another pod is to have, then waits for its own"
        waiting.append(waits(view, subject, "predecessor", message))
    return ordered, waiting


def clash(one: PortMapping, other: PortMapping) -> bool:
    """Tell whether two mappings want the same port of the host."""
    if (one.host_port, one.protocol) != (other.host_port, other.protocol):
        return False
    return one.host_ip == other.host_ip or not _ANY_ADDRESS.isdisjoint((one.host_ip, other.host_ip))


def taken(action: Action) -> tuple[PortMapping, ...]:
    """Return the host ports that an action's new sandbox takes."""
    return tuple(port for step in action.steps if isinstance(step, RunSandbox) for port in step.config.port_mappings)


def freed(action: Action) -> frozenset[str]:
    """Return the sandboxes that an action ends."""
    return frozenset(step.sandbox_id for step in action.steps if isinstance(step, StopSandbox))


def _first_blocked(
    actions: Sequence[Action], holders: Sequence[SandboxSeen], agent: str
) -> tuple[Action, Reason, str] | None:
    ending = frozenset[str]().union(*map(freed, actions))
    standing = [one for one in holders if one.id not in ending]
    for action in actions:
        for port in taken(action):
            why = _held(port, standing, agent) or _wanted_by_another(action, port, actions, holders)
            if why is not None:
                return (action, *why)
    return None


def _held(port: PortMapping, standing: Sequence[SandboxSeen], agent: str) -> tuple[Reason, str] | None:
    for holder in standing:
        if _has(holder, port):
            text = f"host port {port.host_port}/{port.protocol} is held by pod {_name(holder)}"
            ours = holder.config.labels.get(AGENT) == agent
            return ("predecessor", text) if ours else ("refused", f"{text}, which is not trimtab's")
    return None


def _wanted_by_another(
    action: Action, port: PortMapping, actions: Sequence[Action], holders: Sequence[SandboxSeen]
) -> tuple[Reason, str] | None:
    """Tell whether another pod of the plan comes first: the one that holds the port now, else the first by key."""
    rivals = [one for one in actions if any(clash(port, theirs) for theirs in taken(one))]
    first = min(rivals, key=lambda one: (not _frees(one, port, holders), one.pod))
    if first is action:
        return None
    return "refused", f"host port {port.host_port}/{port.protocol} is also wanted by pod {first.pod}, which comes first"


def _frees(action: Action, port: PortMapping, holders: Sequence[SandboxSeen]) -> bool:
    ended = freed(action)
    return any(one.id in ended and _has(one, port) for one in holders)


def _has(sandbox: SandboxSeen, port: PortMapping) -> bool:
    return any(clash(port, held) for held in sandbox.config.port_mappings)


def _name(sandbox: SandboxSeen) -> str:
    return f"{sandbox.config.namespace}/{sandbox.config.name}"


def _after_those_who_free(action: Action, actions: Sequence[Action], holders: Sequence[SandboxSeen]) -> Action:
    before = tuple(
        other.id
        for other in actions
        if other is not action and any(_frees(other, port, holders) for port in taken(action))
    )
    return replace(action, after=(*action.after, *before)) if before else action
