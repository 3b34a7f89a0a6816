"""Whose turn it is in a pod: init containers one after another, sidecars among them, then the main containers.

A pure function of what is in the sandbox, as in a kubelet: the init container that came furthest tells how far the pod
is, since those before it may have been removed meanwhile. Where a main container is, all of them have done their work.
"""

from agent.model.observation import ContainerSeen
from agent.model.value import Value
from agent.planner.health import health_of
from agent.planner.host.comparing.alike import alike
from agent.planner.host.rendering.rendered import RenderedContainer, RenderedPod
from agent.planner.pods import ObservedPod
from agent.planner.restartpolicy import comes_back


class Turn(Value, frozen=True, kw_only=True):
    """``active`` are the containers that are to run, or are on their way to their end; ``next`` start only now.

    ``done`` are the init containers that did their work. ``over``: nothing of the pod is to run any more.
    """

    active: tuple[RenderedContainer, ...] = ()
    next: tuple[RenderedContainer, ...] = ()
    done: tuple[RenderedContainer, ...] = ()
    over: bool = False


def first(wanted: RenderedPod) -> tuple[RenderedContainer, ...]:
    """Return what starts in a new sandbox."""
    return wanted.init[:1] or wanted.containers


def whose_turn(wanted: RenderedPod, pod: ObservedPod) -> Turn:
    """Return which containers of a pod may run now."""
    if not wanted.init:
        return Turn(active=wanted.containers)
    if is_over(wanted, pod):
        return Turn(over=True)
    if any(one.config.name in pod.containers for one in wanted.containers):
        return Turn(active=(*_sidecars(wanted.init), *wanted.containers), done=_once(wanted.init))
    place = _furthest(wanted, pod)
    if place is None:
        return Turn(next=first(wanted))
    at, before = wanted.init[place], wanted.init[:place]
    if not _let_pass(at, pod.containers[at.config.name][0], pod):
        return Turn(active=(*_sidecars(before), at), done=_once(before))
    gone_by = (*before, at)
    return Turn(
        active=_sidecars(gone_by),
        next=wanted.init[place + 1 : place + 2] or wanted.containers,
        done=_once(gone_by),
    )


def is_over(wanted: RenderedPod, pod: ObservedPod) -> bool:
    """Tell whether a pod ran to its end: all main containers did, or an init container failed for good."""
    if wanted.containers and all(_ended(one, pod, wanted) for one in wanted.containers):
        return True
    place = _furthest(wanted, pod) if wanted.init else None
    if place is None or any(one.config.name in pod.containers for one in wanted.containers):
        return False
    at = wanted.init[place]
    return pod.containers[at.config.name][0].exit_code != 0 and _ended(at, pod, wanted)


def _ended(container: RenderedContainer, pod: ObservedPod, wanted: RenderedPod) -> bool:
    """Tell whether a container ended as what it should be now, and is not to be started again."""
    found = pod.containers.get(container.config.name)
    if not found or found[0].state != "exited":
        return False
    return not comes_back(container.config, found[0].exit_code, wanted.restart_policy) and alike(
        container.config, found[0].config
    )


def _furthest(wanted: RenderedPod, pod: ObservedPod) -> int | None:
    """Return the place of the last init container that was ever started in the sandbox."""
    places = [place for place, one in enumerate(wanted.init) if one.config.name in pod.containers]
    return max(places, default=None)


def _let_pass(container: RenderedContainer, live: ContainerSeen, pod: ObservedPod) -> bool:
    if container.role == "sidecar":
        return live.state == "running" and health_of(live, pod.health).started
    return live.state == "exited" and live.exit_code == 0


def _sidecars(init: tuple[RenderedContainer, ...]) -> tuple[RenderedContainer, ...]:
    return tuple(one for one in init if one.role == "sidecar")


def _once(init: tuple[RenderedContainer, ...]) -> tuple[RenderedContainer, ...]:
    return tuple(one for one in init if one.role != "sidecar")
