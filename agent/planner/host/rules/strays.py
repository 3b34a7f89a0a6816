"""Containers in our pods that should not be there: made by hand, or left over from before."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from agent.model.action import Action
from agent.model.observation import ContainerSeen
from agent.planner.host import texts
from agent.planner.host.rendering.rendered import RenderedPod
from agent.planner.host.rules.stopping import discard
from agent.planner.host.view import HostView, Subject, drift
from agent.planner.pods import ObservedPod

_STRANGER = "stranger in pod"
_REST = "container left over"


def tidy(pod: ObservedPod, wanted: RenderedPod) -> bool:
    """Tell whether a pod has only containers of its own names, and none of them twice."""
    names = {container.config.name for container in (*wanted.init, *wanted.containers)}
    twice = not all(name in names and len(had) == 1 for name, had in pod.containers.items())
    return not (pod.strangers or twice or any(True for _ in _past(pod, names)))


def _past(pod: ObservedPod, names: AbstractSet[str]) -> Iterator[tuple[str, ContainerSeen]]:
    """Yield containers of the rounds before that are of no more use: others came after them, or they still run."""
    for name, found in pod.past.items():
        for one in found:
            if name in pod.containers or name not in names or one.state in {"running", "unknown"}:
                yield name, one


def clean(subject: Subject, view: HostView, handled: AbstractSet[str]) -> tuple[Action, ...]:
    """Return the action that removes what does not belong in a pod; ``handled`` are containers that restart anyway.

    A container without our label goes as well: its sandbox is ours, and nobody else may put anything there.
    """
    pod, wanted = subject.observed, subject.wanted
    if pod is None or wanted is None:
        return ()
    names = {container.config.name for container in (*wanted.init, *wanted.containers)}
    strangers = [(one.config.name, one) for one in pod.strangers]
    strangers += [(name, one) for name, found in pod.containers.items() if name not in names for one in found]
    rests = [
        (name, one)
        for name, found in pod.containers.items()
        if len(found) > 1 and name in names and name not in handled
        for one in found[1:]
    ]
    rests += [(name, one) for name, one in _past(pod, names) if name not in handled]
    if not strangers and not rests:
        return ()
    rule = _STRANGER if strangers else _REST
    every = strangers + rests
    action = Action(
        id=f"remove {subject.key} containers",
        verb="remove",
        pod=subject.key,
        uid=pod.uid,
        rule=rule,
        cause=drift(view, rule, _what(strangers, rests)),
        consequence="remove",
        steps=discard(every, pod, wanted.grace_period),
        containers=tuple(dict.fromkeys(texts.cut(name) for name, _ in every)),
    )
    return (action,)


def _what(strangers: list[tuple[str, ContainerSeen]], rests: list[tuple[str, ContainerSeen]]) -> str:
    if strangers:
        shown = ", ".join(f"{texts.cut(name) or 'without a name'} ({one.config.image})" for name, one in strangers[:3])
        more = f" and {len(strangers) - 3} more" if len(strangers) > 3 else ""
        return f"not made by trimtab: {shown}{more}"
    return f"an older container {rests[0][0]} was left over"
