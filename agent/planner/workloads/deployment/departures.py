from collections.abc import Sequence

from agent.planner.live import Live
from agent.planner.workload import Departure
from agent.planner.workloads.deployment.scene import Scene


def departures(scene: Scene, excess: Sequence[Live], go: Sequence[Live], current: int) -> tuple[Departure, ...]:
    """Say of each pod that goes why: a lost one is back, fewer are wanted, or a newer one takes its place.

    ``excess`` are of the newest template, ``go`` of older ones. Of these, those beyond the wanted count are scaled
    down, the others replaced. A rollout that is under way may have its surge beyond that.
    """
    if not excess and not go and not scene.gone:
        return ()
    replicas = scene.spec.replicas
    under_way = current or len({pod.generation for pod in scene.old}) > 1
    slack = scene.limits.surge if under_way else 0
    scaled = max(0, len(scene.old) + current - replicas - slack) if replicas else len(go)
    extra = [*excess, *go[:scaled]]
    return (
        *(_surplus(pod) for pod in extra[: scene.back]),
        *(_scaled_down(pod, replicas) for pod in extra[scene.back :]),
        *(_replaced(pod, scene.template.hash) for pod in (*go[scaled:], *scene.gone)),
    )


def _surplus(pod: Live) -> Departure:
    summary = "one too many, since a host is back whose pods others took the place of"
    return Departure(pod=pod, reason="surplus", path="spec.replicas", summary=summary)


def _scaled_down(pod: Live, replicas: int) -> Departure:
    return Departure(pod=pod, reason="scaled-down", path="spec.replicas", summary=f"scaled down to {replicas}")


def _replaced(pod: Live, template_hash: str) -> Departure:
    again = pod.generation == template_hash
    summary = "sent away before, made anew once it is gone" if again else f"replaced by template {template_hash}"
    return Departure(pod=pod, reason="replaced", path="spec.template", summary=summary)
