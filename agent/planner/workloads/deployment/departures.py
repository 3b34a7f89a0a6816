from collections.abc import Sequence

from agent.planner.live import Live
from agent.planner.workload import Departure
from agent.planner.workloads.deployment.bounds import bounds
from agent.planner.workloads.deployment.scene import Scene


def departures(scene: Scene, surplus: Sequence[Live], go: Sequence[Live], current: int) -> tuple[Departure, ...]:
    """Say of each pod that goes whether a newer one takes its place.

    Of the old pods that go, those beyond the wanted count are scaled down, the others replaced. A rollout that is
    under way may have its surge beyond that.
    """
    if not surplus and not go and not scene.gone:
        return ()
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
    again = pod.generation == template_hash
    summary = "sent away before, made anew once it is gone" if again else f"replaced by template {template_hash}"
    return Departure(pod=pod, reason="replaced", path="spec.template", summary=summary)
