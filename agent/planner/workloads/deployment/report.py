"""How far a Deployment is: what is remembered of its rollout, and its status as Kubernetes shows it."""

from collections.abc import Iterator
from typing import NamedTuple

from msgspec.structs import replace

from agent.model.duration import format_duration
from agent.model.kindstatus import Condition, DeploymentStatus
from agent.model.memory import RolloutRecord
from agent.planner.rollout import Counts, advance, deadline
from agent.planner.workloads.deployment.scaling import Sizes
from agent.planner.workloads.deployment.scene import Scene


class Tally(NamedTuple):
    """Pods by what they are: of the newest template, ready, available, those of the newest available, told to go.

    ``replicas`` are all that stay.
    """

    replicas: int
    updated: int
    ready: int
    available: int
    updated_available: int
    terminating: int


def record_of(scene: Scene, sizes: Sizes, tally: Tally) -> RolloutRecord:
    """Return what is to be remembered of a rollout: the same value while nothing happens."""
    replicas = scene.spec.replicas
    whole = tally.updated == tally.replicas == replicas == tally.available
    counts = Counts(
        updated=tally.updated,
        available=tally.updated_available,
        older=tally.replicas - tally.updated,
        whole=whole,
        paused=scene.spec.paused,
    )
    record = advance(scene.record, scene.template.hash, counts, scene.now)
    enough = tally.available >= scene.least
    since = record.enough_since if enough == record.enough and record.enough_since else scene.now
    said = (sizes, replicas, scene.most, enough, since)
    if (record.sizes, record.replicas, record.most, record.enough, record.enough_since) == said:
        return record
    return replace(record, sizes=sizes, replicas=replicas, most=scene.most, enough=enough, enough_since=since)


def too_late(scene: Scene, record: RolloutRecord) -> str:
    """Say that a rollout got nowhere for longer than it may; empty while it may yet."""
    until = deadline(record, scene.spec.progress_deadline_seconds)
    if until is None or until > scene.now:
        return ""
    limit = format_duration(scene.spec.progress_deadline_seconds)
    return f"template {record.hash} got no further for {limit} (spec.progressDeadlineSeconds)"


def status_of(scene: Scene, record: RolloutRecord, tally: Tally) -> DeploymentStatus:
    """Return the status as Kubernetes writes it."""
    return DeploymentStatus(
        replicas=tally.replicas,
        updated_replicas=tally.updated,
        ready_replicas=tally.ready,
        available_replicas=tally.available,
        unavailable_replicas=max(0, sum(record.sizes.values()) - tally.available),
        terminating_replicas=tally.terminating,
        revision=record.revision,
        conditions=(_available(record), *_progressing(scene, record)),
    )


def _available(record: RolloutRecord) -> Condition:
    has = "has" if record.enough else "does not have"
    return Condition(
        type="Available",
        status="True" if record.enough else "False",
        reason="MinimumReplicasAvailable" if record.enough else "MinimumReplicasUnavailable",
        message=f"Deployment {has} minimum availability.",
        since=record.enough_since,
    )


def _progressing(scene: Scene, record: RolloutRecord) -> Iterator[Condition]:
    newest = f'ReplicaSet "{scene.template.set}"'
    if record.paused:
        yield Condition(type="Progressing", status="Unknown", reason="DeploymentPaused", message="Deployment is paused")
    elif record.whole:
        message = f"{newest} has successfully progressed."
        yield Condition(type="Progressing", status="True", reason="NewReplicaSetAvailable", message=message)
    elif too_late(scene, record):
        yield Condition(
            type="Progressing",
            status="False",
            reason="ProgressDeadlineExceeded",
            message=f"{newest} has timed out progressing.",
            since=deadline(record, scene.spec.progress_deadline_seconds) or 0.0,
        )
    else:
        message = f"{newest} is progressing."
        yield Condition(type="Progressing", status="True", reason="ReplicaSetUpdated", message=message)
