"""A Deployment: a number of interchangeable pods, rolled from template to template within bounds.

The rules are those of Kubernetes' deployment controller, decided from what is seen in one go instead of in steps:
what may go of the old pods first, then what room that leaves for new ones. On purpose stricter than there: a pod that
goes takes up its room until it is gone, because it runs until then.
"""

from collections.abc import Sequence
from typing import Final

from agent.model.intstr import resolve
from agent.model.memory import Memory
from agent.model.objects.deployment import DeploymentSpec, RollingUpdate
from agent.model.value import Value
from agent.planner.live import Live
from agent.planner.naming import placed_slots
from agent.planner.template import Slot, Template, first_slots
from agent.planner.workload import Claim, Departure

_LOOK_AGAIN: Final = 1.0
"""Seconds after which a pod that was sent away and is wanted again is taken for what it looks like."""


class Bounds(Value, frozen=True, kw_only=True):
    """How far a rollout may leave the wanted count, in pods."""

    surge: int
    unavailable: int


def bounds(spec: DeploymentSpec) -> Bounds:
    """Return maxSurge and maxUnavailable as Kubernetes resolves them: rounded up and down, never both 0."""
    if spec.strategy.type == "Recreate":
        return Bounds(surge=0, unavailable=spec.replicas)
    rolling = spec.strategy.rolling_update or RollingUpdate()
    surge = resolve(rolling.max_surge, spec.replicas, round_up=True)
    unavailable = resolve(rolling.max_unavailable, spec.replicas, round_up=False)
    if surge == 0 and unavailable == 0:
        unavailable = 1
    return Bounds(surge=surge, unavailable=min(unavailable, spec.replicas))


class _Scene:
    """What a Deployment decides from: its pods, told apart by template, and whether each is ready and available."""

    def __init__(
        self, template: Template, spec: DeploymentSpec, live: Sequence[Live], memory: Memory, now: float
    ) -> None:
        self.template, self.spec, self.memory, self.now = template, spec, memory, now
        self.current: dict[int, Live] = {}
        self.old: list[Live] = []
        self.gone: list[Live] = []
        """Pods of older templates: those that count, and those that were sent away before."""
        for pod in live:
            if pod.generation == template.hash and pod.set == template.set:
                self.current[pod.slot] = pod
            elif pod.name in memory.leaving:
                self.gone.append(pod)
            else:
                self.old.append(pod)

    def ready(self, pod: Live) -> bool:
        """Tell whether all containers of a pod run."""
        return self.available_at(pod) is not None

    def available(self, pod: Live) -> bool:
        """Tell whether a pod has been ready for minReadySeconds."""
        at = self.available_at(pod)
        return at is not None and at <= self.now

    def present(self, slots: Sequence[Slot]) -> list[Live]:
        """Return the pods that exist in some slots."""
        return [self.current[slot.index] for slot in slots if slot.index in self.current]

    def available_at(self, pod: Live) -> float | None:
        """Return when a pod is, or was, available if nothing happens to it; None while it is not ready.

        One that was sent away and is wanted again may be half gone already: it counts from the next pass on.
        """
        if pod.name in self.memory.leaving:
            return None
        since = pod.ready_since(self.template.names if pod.generation == self.template.hash else None)
        if since is None:
            return None
        # A clock that was set back is no reason to doubt what runs.
        return since + self.spec.min_ready_seconds if self.spec.min_ready_seconds else min(since, self.now)


def claim(
    template: Template,
    spec: DeploymentSpec,
    live: Sequence[Live],
    *,
    memory: Memory,
    now: float,
    taken: frozenset[str] = frozenset(),
) -> Claim:
    """Return what a Deployment wants of its pods now. ``taken`` are names that Pods declare for themselves."""
    scene = _Scene(template, spec, live, memory, now)
    final = _final_slots(scene, taken)
    if spec.paused:
        go, allowed, stopped = _pause(scene, final)
    elif spec.strategy.type == "Recreate":
        go, allowed, stopped = _recreate(scene, final)
    else:
        go, allowed, stopped = _roll(scene, final)
    # What is there already may stay although there is no room for more.
    room = max(len(scene.present(final)), _room(scene, final, go))
    return _claim(scene, final, _allowed_slots(scene, final, min(allowed, room)), go, stopped)


def _room(scene: _Scene, final: Sequence[Slot], go: Sequence[Live]) -> int:
    """Return how many pods of the newest template may exist beside all others that still do.

    A pod that goes counts until it is seen to be gone. On an unseen host nobody would see it go, and a rollout does not
    wait for a host that is lost.
    """
    wanted, going = {slot.index for slot in final}, {pod.key for pod in go}
    surplus = (pod for index, pod in scene.current.items() if index not in wanted)
    leaving = sum(1 for pod in (*go, *scene.gone, *surplus) if pod.seen)
    kept = sum(1 for pod in scene.old if pod.key not in going)
    return scene.spec.replicas + bounds(scene.spec).surge - kept - leaving


def _claim(scene: _Scene, final: tuple[Slot, ...], now: tuple[Slot, ...], go: Sequence[Live], stopped: str) -> Claim:
    wanted = {slot.index for slot in now}
    current = tuple(pod for index, pod in sorted(scene.current.items()) if index in wanted)
    surplus = [pod for index, pod in sorted(scene.current.items()) if index not in wanted]
    going = {pod.key for pod in go}
    kept = tuple(pod for pod in scene.old if pod.key not in going)
    counted = (*current, *kept)
    times = [at for pod in counted if (at := scene.available_at(pod)) is not None]
    soon = [at for at in times if at > scene.now]
    recalled = any(pod.name in scene.memory.leaving for pod in current)
    return Claim(
        template=scene.template,
        final=final,
        now=now,
        current=current,
        kept=kept,
        leaving=_departures(scene, surplus, go, len(current)),
        ready=len(times),
        available=len(times) - len(soon),
        stopped=stopped,
        wake_at=min([*soon, scene.now + _LOOK_AGAIN] if recalled else soon, default=None),
    )


def _allowed_slots(scene: _Scene, final: tuple[Slot, ...], allowed: int) -> tuple[Slot, ...]:
    """Return the slots that may exist now.

    Those that do come first, and of them those that are available; then those that need not wait for a host port that
    an older pod may hold, so that none takes the room of one that could start.
    """
    if allowed >= len(final):
        return final
    older = {"", *(pod.host for pod in (*scene.old, *scene.gone))} if scene.template.demand.ports else frozenset[str]()

    def worth(slot: Slot) -> tuple[bool, bool, int]:
        if (pod := scene.current.get(slot.index)) is not None:
            return False, not scene.available(pod), slot.index
        return True, scene.memory.placements.get(slot.name, "") in older, slot.index

    return tuple(sorted(sorted(final, key=worth)[:allowed], key=lambda slot: slot.index))


def _final_slots(scene: _Scene, taken: frozenset[str]) -> tuple[Slot, ...]:
    """Return the slots that should exist in the end: those that exist or have a place stay, the lowest free fill up.

    When there are too many, those that were never placed go first, then the unavailable, then the highest.
    """
    template, replicas = scene.template, scene.spec.replicas
    key = f"{template.declared.key.namespace}/{template.set}"
    placed = placed_slots(scene.memory).get(key, ())
    known = {*scene.current, *placed}
    if not taken and all(index < replicas for index in known):
        return first_slots(template, replicas)

    def worth(index: int) -> tuple[bool, bool, bool, int]:
        pod = scene.current.get(index)
        return (
            index not in placed,
            pod is None or not scene.available(pod),
            pod is None or not scene.ready(pod),
            index,
        )

    free = {index for index in known if template.slot(index).name not in taken}
    chosen = sorted(free, key=worth)[:replicas]
    index = 0
    while len(chosen) < replicas:
        if index not in free and template.slot(index).name not in taken:
            chosen.append(index)
        index += 1
    return tuple(template.slot(index) for index in sorted(chosen))


Decision = tuple[Sequence[Live], int, str]
"""Old pods that go, how many new ones may exist once these are gone, and what stops the rollout."""


def _roll(scene: _Scene, final: Sequence[Slot]) -> Decision:
    """Let old pods go as far as enough stay available, unhealthy ones first; new ones take what room there is."""
    limits, replicas = bounds(scene.spec), scene.spec.replicas
    least = replicas - limits.unavailable
    new_available = sum(1 for pod in scene.present(final) if scene.available(pod))
    order = _first_to_go(scene, _awaited(scene, final))
    unhealthy = [pod for pod in order if not scene.available(pod)]
    healthy = [pod for pod in order if scene.available(pod)]
    go = unhealthy[: max(0, len(order) + new_available - least)]
    go += healthy[: max(0, len(healthy) + new_available - least)]
    return go, max(0, min(replicas, replicas + limits.surge - (len(order) - len(go)))), ""


def _recreate(scene: _Scene, final: Sequence[Slot]) -> Decision:
    """Let all old pods go; new ones start when the last of them is gone."""
    remain = bool(scene.old or scene.gone)
    return scene.old, len(scene.present(final)) if remain else scene.spec.replicas, ""


def _pause(scene: _Scene, final: Sequence[Slot]) -> Decision:
    """Scale what there is; no template is rolled out. A template that is no longer declared cannot grow."""
    replicas, present = scene.spec.replicas, len(scene.present(final))
    if not scene.old:
        return (), replicas if present else 0, "" if present else "paused before its first pod"
    most = replicas + (bounds(scene.spec).surge if present else 0)
    go = _first_to_go(scene)[: max(0, len(scene.old) + present - most)]
    kept = len(scene.old) - len(go)
    if present:
        return go, max(present, replicas - kept), f"paused with {kept} pods on an older template"
    missing = replicas - kept
    lack = f"; {missing} more cannot be made from it, because it is not declared any more" if missing else ""
    return go, 0, f"paused with {kept} pods on an older template{lack}"


def _awaited(scene: _Scene, final: Sequence[Slot]) -> frozenset[str]:
    """Return the hosts where new pods wait, as far as old ones may hold the host ports that they need."""
    if not scene.template.demand.ports:
        return frozenset()
    up = {pod.key for pod in scene.present(final) if scene.ready(pod)}
    return frozenset(scene.memory.placements.get(slot.name, "") for slot in final if slot.key not in up)


def _first_to_go(scene: _Scene, awaited: frozenset[str] = frozenset()) -> list[Live]:
    """Sort pods of older templates: oldest template first, in it the unavailable, the not ready, the highest slot.

    Those on ``awaited`` hosts go before all others.
    """
    age: dict[str, float] = {}
    for pod in scene.old:
        age[pod.generation] = min(pod.created_at, age.get(pod.generation, pod.created_at))

    def rank(pod: Live) -> tuple[bool, float, str, bool, bool, int, str]:
        return (
            pod.host not in awaited,
            age[pod.generation],
            pod.generation,
            scene.available(pod),
            scene.ready(pod),
            -pod.slot,
            pod.name,
        )

    return sorted(scene.old, key=rank)


def _departures(scene: _Scene, surplus: Sequence[Live], go: Sequence[Live], current: int) -> tuple[Departure, ...]:
    """Say of each pod that goes whether a newer one takes its place.

    Of the old pods that go, those beyond the wanted count are scaled down, the others replaced. A rollout that is
    under way may have its surge beyond that.
    """
    replicas = scene.spec.replicas
    under_way = current or len({pod.generation for pod in scene.old}) > 1
    slack = bounds(scene.spec).surge if under_way else 0
    scaled = max(0, len(scene.old) + current - replicas - slack) if replicas else len(go)
    return (
        *(_scaled_down(pod, replicas) for pod in (*surplus, *go[:scaled])),
        *(_replaced(pod, scene.template.hash) for pod in (*go[scaled:], *scene.gone)),
    )


def _scaled_down(pod: Live, replicas: int) -> Departure:
    return Departure(pod=pod, reason="scaled-down", path="spec.replicas", summary=f"scaled down to {replicas}")


def _replaced(pod: Live, template_hash: str) -> Departure:
    return Departure(pod=pod, reason="replaced", path="spec.template", summary=f"replaced by template {template_hash}")
