"""How fast a DaemonSet gets to its newest template: which older pods go now, and beside which newer ones may start."""

from typing import NamedTuple

from agent.planner.live import Live
from agent.planner.workloads.daemonset.scene import Scene


class Pace(NamedTuple):
    """What may happen now: older pods that go, and hosts whose newest pod may be there."""

    go: tuple[Live, ...]
    ready: frozenset[str]


def pace(scene: Scene) -> Pace:
    """Decide what may happen now on the hosts that should have a pod."""
    if not scene.rolls:
        go = [pod for host in scene.wanted for pod in _beyond_one(scene, host) or _lifeless(scene, host)]
        return Pace(tuple(go), frozenset(host for host in scene.wanted if _free(scene, host)))
    return _beside(scene) if scene.surge else _one_for_another(scene)


def _free(scene: Scene, host: str) -> bool:
    """Tell whether nothing that is older, or still goes, is on a host.

    On one that cannot be seen, the newest may be only meant to be there: older ones are in its way until they are gone.
    """
    on = scene.on[host]
    return any(pod.seen for pod in on.newest) or not (on.older or on.going)


def _beyond_one(scene: Scene, host: str) -> list[Live]:
    """Return older pods that are not the only one of their host."""
    on = scene.on[host]
    return list(on.older) if any(pod.seen for pod in on.newest) else on.older[1:]


def _lifeless(scene: Scene, host: str) -> list[Live]:
    """Return an older pod that can never be whole: nobody knows what the containers that it lacks were to be.

    Of a template that nobody remembers only a pod without any container is known to lack some.
    """
    for pod in scene.on[host].older[:1]:
        older = scene.template_of(pod)
        if pod.seen and (not pod.names if older is None else older.again is not None and pod.lacks(older.names)):
            return [pod]
    return []


def _one_for_another(scene: Scene) -> Pace:
    """Take older pods down, as many as may be unavailable; those that are so already need not be spared."""
    go, candidates, unavailable = list[Live](), list[Live](), 0
    for host in scene.wanted:
        on = scene.on[host]
        go += _beyond_one(scene, host)
        if on.newest or not on.older:
            unavailable += not scene.serves(host, on.newest)
        elif not scene.available(on.older[0]):
            unavailable += 1
            # What cannot be seen cannot be replaced either: it would only not be there when its host is back.
            go += [on.older[0]] if on.older[0].seen else []
        else:
            candidates.append(on.older[0])
    go += candidates[: max(0, scene.unavailable - unavailable)]
    return Pace(tuple(go), frozenset(host for host in scene.wanted if _free(scene, host)))


def _beside(scene: Scene) -> Pace:
    """Start newer pods beside older ones, as many as may be too many; an older one goes when its successor is there."""
    go, ready, candidates, surge = list[Live](), set[str](), list[str](), 0
    for host in scene.wanted:
        on = scene.on[host]
        go += on.older[1:]
        if on.newest:
            ready.add(host)
            if scene.serves(host, on.newest):
                go += on.older[:1]
            else:
                surge += bool(on.older)
        elif len(on.older) + len(on.going) > 1:
            # No third one: those that go first have to be gone.
            surge += 1
        elif not (on.older and scene.available(on.older[0])):
            # There is nothing to lose.
            if not on.going:
                ready.add(host)
        else:
            candidates.append(host)
    ready.update(candidates[: max(0, scene.surge - surge)])
    return Pace(tuple(go), frozenset(ready))
