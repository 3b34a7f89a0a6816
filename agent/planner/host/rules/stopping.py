"""Stopping containers as their pod asked for when they were made: hooks first, sidecars after the main containers.

All of it is read from what runs, so that a pod whose manifest is gone is stopped as gently as any other.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from msgspec.structs import replace

from agent.model.action import AnyStep, ContainerStop, RemoveContainer, StopContainers
from agent.model.labels import AGENT, LIFECYCLE
from agent.model.objects.pod import LifecycleHandler
from agent.model.observation import ContainerSeen
from agent.model.typed import decoder
from agent.planner.annotation import read_json
from agent.planner.pods import ObservedPod
from agent.planner.restartpolicy import place_of, role_of

SHORTEST_GRACE: Final = 2
"""Seconds that every container gets, as a kubelet grants them."""
Named = tuple[str, ContainerSeen]
"""A container under the name that it has in its pod."""


def stop_all(pod: ObservedPod, grace: int) -> tuple[StopContainers, ...]:
    """Return the step that stops every container of a pod that runs; none when nothing does."""
    return stop(((name, one) for name, found in pod.containers.items() for one in found), pod, grace)


def stop_now(pod: ObservedPod, grace: int = SHORTEST_GRACE) -> tuple[StopContainers, ...]:
    """Return the step that stops every container of a pod that runs, without hooks."""
    return tuple(
        replace(step, containers=tuple(replace(one, pre_stop=None) for one in step.containers))
        for step in stop_all(pod, grace)
    )


def stop(containers: Iterable[Named], pod: ObservedPod, grace: int) -> tuple[StopContainers, ...]:
    """Return the step that stops those of some containers of a pod that run; none when none does."""
    running = [(name, one) for name, one in containers if one.state in {"running", "unknown"}]
    if not running:
        return ()
    waves = _waves(running)
    ip = next(iter(pod.sandbox.ips), "")
    return (
        StopContainers(
            containers=tuple(
                ContainerStop(
                    container_id=one.id,
                    name=name,
                    grace=grace,
                    pre_stop=hook_of(one, LIFECYCLE) if one.state == "running" else None,
                    ip=ip,
                    wave=waves[one.id],
                )
                for name, one in sorted(running, key=lambda each: (waves[each[1].id], each[0], each[1].id))
            )
        ),
    )


def discard(containers: Iterable[Named], pod: ObservedPod, grace: int) -> tuple[AnyStep, ...]:
    """Return the steps that stop some containers of a pod and forget them."""
    every = list(containers)
    return (
        *stop(every, pod, grace),
        *(RemoveContainer(container_id=one.id, name=name) for name, one in every),
    )


def _waves(running: Iterable[Named]) -> dict[str, int]:
    """Return in which wave each container is stopped: main and init ones first, then sidecars, the last first."""
    roles = [(one.id, place_of(one.config), role_of(one.config)) for _, one in running]
    places = sorted({place for _, place, role in roles if role == "sidecar"}, reverse=True)
    first = 1 if any(role != "sidecar" for _, _, role in roles) else 0
    return {name: places.index(place) + first if role == "sidecar" else 0 for name, place, role in roles}


def hook_of(container: ContainerSeen, annotation: str) -> LifecycleHandler | None:
    """Return a hook that a container was made with; None of one that somebody else made."""
    config = container.config
    written = config.annotations.get(annotation) if AGENT in config.labels else None
    return None if written is None else _hook(written)


_HOOK: Final = decoder(LifecycleHandler)


@lru_cache(maxsize=1024)
def _hook(written: str) -> LifecycleHandler | None:
    return read_json(written, _HOOK)
