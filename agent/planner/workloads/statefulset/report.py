"""What a StatefulSet says of itself: Kubernetes' counts, and what a person should know or do."""

from collections.abc import Iterable, Iterator, Sequence

from agent.model.kindstatus import StatefulSetStatus
from agent.planner.live import Live, names_of
from agent.planner.naming import set_name
from agent.planner.workloads.statefulset.scene import Scene


def kind_status(scene: Scene, available_at: Sequence[float]) -> StatefulSetStatus:
    """Return the status as Kubernetes has it. ``available_at`` is when the pods that are ready are available."""
    hash_ = scene.template.hash
    current = scene.record.current if scene.record is not None and scene.record.current else hash_
    staying = [pod.generation for ordinal, pod in scene.pods.items() if not scene.going(ordinal)]
    return StatefulSetStatus(
        replicas=len(scene.pods),
        ready_replicas=len(available_at),
        available_replicas=sum(at <= scene.now for at in available_at),
        current_replicas=staying.count(current),
        updated_replicas=staying.count(hash_),
        current_revision=set_name(scene.template.declared.key.name, current),
        update_revision=scene.template.set,
    )


def note(scene: Scene, kept: Sequence[Live]) -> str:
    """Return what a person should know; empty when there is nothing."""
    wanted = {scene.pods[ordinal].key for ordinal in scene.wanted if ordinal in scene.pods}
    staying = [pod for pod in kept if pod.key in wanted]
    return "; ".join([*_unseen(scene.pods.values()), *_older(scene, staying)])


def _unseen(pods: Iterable[Live]) -> Iterator[str]:
    hosts: dict[str, list[Live]] = {}
    for pod in pods:
        if not pod.seen:
            hosts.setdefault(pod.host, []).append(pod)
    for host, found in sorted(hosts.items()):
        yield (
            f"{names_of(found)} may still run on {host}, which cannot be seen, and must not run twice: if that host is "
            f"off for good, say so with `trimtab host forget {host}`"
        )


def _older(scene: Scene, kept: Sequence[Live]) -> Iterator[str]:
    if not scene.rolls:
        if kept:
            yield f"{names_of(kept)} of an older template until somebody removes them (updateStrategy OnDelete)"
        return
    due = {scene.pods[ordinal].key for ordinal in scene.due if ordinal in scene.pods}
    below = [pod for pod in kept if pod.key not in due]
    if below:
        yield f"{names_of(below)} of an older template, below the partition"
