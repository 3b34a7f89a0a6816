"""A DaemonSet: a pod for every host that takes it, changed on a few hosts at a time.

The rules are those of Kubernetes' daemon controller. Stricter on purpose: on a host a new pod starts only once the old
one is gone, unless there may be both (maxSurge).
"""

from collections.abc import Iterator

from msgspec.structs import replace

from agent.model.memory import RolloutRecord
from agent.planner.live import Live
from agent.planner.naming import host_pod_name, safe_hash
from agent.planner.rollout import Counts, advance
from agent.planner.template import Slot
from agent.planner.workload import Claim, Departure, Scope
from agent.planner.workloads.daemonset.pace import Pace, pace
from agent.planner.workloads.daemonset.report import kind_status, note
from agent.planner.workloads.daemonset.scene import Scene

__all__ = ["claim"]


def claim(scope: Scope) -> Claim:
    """Return what a DaemonSet wants of its pods now."""
    scene = Scene(scope)
    steps = pace(scene)
    final = _slots(scene, scope.taken)
    now = tuple(
        slot for slot in final if slot.host in steps.ready or slot.template is not None or _left_alone(scene, slot)
    )
    allowed = {slot.key for slot in now}
    current = tuple(pod for on in scene.on.values() for pod in (*on.newest, *on.older) if pod.key in allowed)
    leaving = tuple(_departures(scene, steps))
    elsewhere = {pod.key for pod in current} | {one.pod.key for one in leaving}
    kept = tuple(pod for on in scene.on.values() for pod in (*on.newest, *on.older) if pod.key not in elsewhere)
    times = [at for pod in (*current, *kept) if (at := scene.available_at(pod)) is not None]
    soon = [at for at in times if at > scene.now]
    return Claim(
        template=scene.template,
        final=final,
        now=now,
        current=current,
        kept=kept,
        leaving=leaving,
        lost=scene.lost,
        ready=len(times),
        available=len(times) - len(soon),
        holding=True,
        note=note(scene, kept),
        wake_at=min(soon, default=None),
        status=kind_status(scene),
        rollout=_record(scene, leaving),
    )


def _slots(scene: Scene, taken: frozenset[str]) -> tuple[Slot, ...]:
    """Return the places of all pods: a newest one on each host that should have it, and what others may keep."""
    live = {host: on.newest[0].key.name for host, on in scene.on.items() if on.newest}
    names = {*live.values(), *(name.rpartition("/")[2] for name in taken)}
    found: list[Slot] = []
    for host, standing in scene.standing.items():
        on = scene.on[host]
        if (half := _unfinished(scene, host)) is not None:
            older = scene.template.named_slot(half.key.name, len(found), host=host)
            found.append(replace(older, template=scene.template_of(half)))
            continue
        name = live.get(host, "")
        if standing == "wanted" and not name:
            name = _free_name(scene, host, names)
            names.add(name)
        elif standing == "suffered" and not name and on.older:
            name = on.older[0].key.name
        if name and standing != "unwanted":
            found.append(scene.template.named_slot(name, len(found), host=host))
    return tuple(found)


def _unfinished(scene: Scene, host: str) -> Live | None:
    """Return the older pod that a host keeps for good, if it lacks containers and it is known which.

    What these read may have changed since. Then it is made anew, unless its host would take no other.
    """
    on, standing = scene.on[host], scene.standing[host]
    for_good = standing == "suffered" or (standing == "wanted" and not scene.rolls)
    if not for_good or not on.older or on.newest or on.going:
        return None
    older = scene.template_of(on.older[0])
    if older is None or (standing == "wanted" and older.again is not None):
        return None
    return on.older[0] if on.older[0].lacks(older.names) else None


def _free_name(scene: Scene, host: str, names: set[str]) -> str:
    """Return the name of a host's pod; another one in the rare case that two hosts would share it."""
    name, attempt = host_pod_name(scene.template.set, host), 0
    while name in names:
        attempt += 1
        name = host_pod_name(scene.template.set, f"{host}/{safe_hash(str(attempt).encode())}")
    return name


def _left_alone(scene: Scene, slot: Slot) -> bool:
    """Tell whether a slot is of a pod that its host keeps although it would take no other."""
    return scene.standing[slot.host] == "suffered" and bool(scene.on[slot.host].newest)


def _departures(scene: Scene, steps: Pace) -> Iterator[Departure]:
    """Yield the pods that go: from hosts that should have none, a second one of a host, and what is replaced."""
    going = {pod.key for pod in steps.go}
    for host, on in scene.on.items():
        if scene.standing[host] == "unwanted":
            for pod in (*on.newest, *on.older, *on.going):
                summary = f"{host} is no host for it any more"
                yield Departure(pod=pod, reason="scaled-down", path="spec.template.spec", summary=summary)
            continue
        for pod in (*(one for one in on.older if one.key in going), *on.going):
            summary = f"replaced by template {scene.template.hash}"
            yield Departure(pod=pod, reason="replaced", path="spec.template", summary=summary)
        beyond = on.newest[1:] if scene.standing[host] == "wanted" else (*on.newest, *on.older)[1:]
        for pod in beyond:
            yield Departure(pod=pod, reason="surplus", path="spec", summary=f"{host} has another one")


def _record(scene: Scene, leaving: tuple[Departure, ...]) -> RolloutRecord:
    newest: list[Live] = [scene.on[host].newest[0] for host in scene.wanted if scene.on[host].newest]
    available = sum(map(scene.available, newest))
    counts = Counts(
        updated=len(newest),
        available=available,
        older=sum(bool(scene.on[host].older) for host in scene.wanted),
        whole=available == len(scene.wanted) and not leaving,
    )
    return advance(scene.record, scene.template.hash, counts, scene.now)
