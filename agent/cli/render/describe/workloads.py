"""Workloads that keep pods running."""

from collections.abc import Iterator

from agent.cli.render.describe.lines import Pair, block, mapped
from agent.cli.render.describe.parts import conditions, pods, status_of
from agent.cli.render.describe.told import Subject
from agent.model.kindstatus import DaemonSetStatus, DeploymentStatus, StatefulSetStatus
from agent.model.objects.daemonset import DaemonSet
from agent.model.objects.deployment import Deployment
from agent.model.objects.replicaset import ReplicaSet
from agent.model.objects.statefulset import StatefulSet

Workload = Deployment | ReplicaSet | StatefulSet | DaemonSet


def lines(subject: Subject) -> list[str]:
    """Describe a workload: its counts, how it changes, its template, its conditions and pods."""
    body = subject.body
    if not isinstance(body, Workload):
        return []
    spec = body.spec
    return [
        *block(
            [
                ("Selector", mapped(spec.selector.match_labels)),
                ("Replicas", _counts(subject)),
                ("Status", status_of(subject)),
                *_strategy(body),
                ("MinReadySeconds", str(spec.min_ready_seconds)),
                ("Images", [container.image for container in spec.template.spec.every_container]),
                *_own(subject),
            ]
        ),
        *conditions(subject),
        *pods(subject),
    ]


def _counts(subject: Subject) -> str:
    status = subject.status
    if status is None:
        return ""
    return (
        f"{status.wanted} desired | {status.updated} updated | {len(status.pods)} total | "
        f"{status.available} available | {max(0, status.wanted - status.available)} unavailable"
    )


def _strategy(body: Workload) -> Iterator[Pair]:
    match body:
        case Deployment(spec=spec):
            yield "StrategyType", spec.strategy.type
            if rolling := spec.strategy.rolling_update:
                yield "RollingUpdate", f"{rolling.max_unavailable} max unavailable, {rolling.max_surge} max surge"
        case StatefulSet(spec=spec):
            yield "Update Strategy", spec.update_strategy.type
            if stateful := spec.update_strategy.rolling_update:
                yield "Partition", str(stateful.partition)
            yield "Pod Management", spec.pod_management_policy
        case DaemonSet(spec=spec):
            yield "Update Strategy", spec.update_strategy.type
            if daemons := spec.update_strategy.rolling_update:
                yield "RollingUpdate", f"{daemons.max_unavailable} max unavailable, {daemons.max_surge} max surge"
        case _:
            return


def _own(subject: Subject) -> Iterator[Pair]:
    match subject.status.status if subject.status else None:
        case DeploymentStatus() as told if told.revision:
            yield "Revision", str(told.revision)
        case StatefulSetStatus() as told:
            yield "Revisions", f"current {told.current_revision}, update {told.update_revision}"
        case DaemonSetStatus() as told:
            yield "Misscheduled", str(told.number_misscheduled)
        case _:
            return
