from collections.abc import Iterator, Mapping, Sequence
from typing import Final, cast

from agent.model.kindstatus import AutoscalerStatus
from agent.model.memory import ScaleRecord
from agent.model.objects.deployment import Deployment
from agent.model.objects.fleet import AnyObject
from agent.model.objects.meta import Declared, ObjectKey
from agent.model.objects.replicaset import ReplicaSet
from agent.model.objects.statefulset import StatefulSet
from agent.model.plan import FleetInput
from agent.model.status import ObjectStatus
from agent.model.usage import Load
from agent.model.value import Value
from agent.planner.autoscaling.external import query_of
from agent.planner.autoscaling.governing import Scaler, autoscalers, governors, target_of, turned_off
from agent.planner.autoscaling.look import Told, conditions, look
from agent.planner.autoscaling.metrics import Scene
from agent.planner.autoscaling.pace import Bounds
from agent.planner.autoscaling.rules import rules
from agent.planner.live import Live

Target = Declared[Deployment | StatefulSet | ReplicaSet]
_STALE: Final = 4
"""After so many times the usual pause a measurement says nothing of now."""


class Autoscaling(Value, frozen=True, kw_only=True):
    """What autoscalers say: ``replicas`` by workload, and what is remembered of each, by its workload.

    ``measure`` are the hosts and ``queries`` the questions that they decide by; ``due_at`` is when they look next.
    """

    replicas: Mapping[ObjectKey, int] = {}
    records: Mapping[str, ScaleRecord] = {}
    statuses: tuple[ObjectStatus, ...] = ()
    measure: tuple[str, ...] = ()
    queries: tuple[str, ...] = ()
    due_at: float | None = None


def autoscale(given: FleetInput, by_owner: Mapping[ObjectKey, Sequence[Live]]) -> Autoscaling:
    """Return how many replicas autoscaled workloads have. ``by_owner`` are the pods that live.

    Metrics are looked at once every ``given.autoscaling`` seconds; in between what the last look decided holds.
    """
    replicas: dict[ObjectKey, int] = {}
    records: dict[str, ScaleRecord] = {}
    statuses, queries, measure = [], set[str](), set[str]()
    fresh = {host: one for host, one in given.load.items() if given.now - one.at <= _STALE * given.autoscaling}
    scalers = autoscalers(given.fleet)
    governing = governors(scalers)
    for key, scaler in scalers.items():
        target = target_of(scaler)
        workload = given.fleet.objects.get(target)
        if told := _idle(scaler, target, workload, governing[target]):
            statuses.append(_idle_status(key, told))
            continue
        pods = tuple(_counted(given, by_owner.get(target, ())))
        record = _newest(given, scaler, cast("Target", workload), pods, fresh)
        replicas[target], records[str(target)] = record.replicas, record
        statuses.append(_status(key, record.shown))
        queries.update(_queries(scaler))
        if any(metric.external is None for metric in scaler.body.spec.metrics):
            measure.update(pod.host for pod in pods if pod.seen)
    return Autoscaling(
        replicas=replicas,
        records=dict(sorted(records.items())),
        statuses=tuple(statuses),
        measure=tuple(sorted(measure)),
        queries=tuple(sorted(queries)),
        # The last one that is due takes the others along: however many there are, the fleet is planned once for all.
        due_at=max((one.looked_at + given.autoscaling for one in records.values()), default=None),
    )


def _newest(
    given: FleetInput, scaler: Scaler, workload: Target, pods: tuple[Live, ...], load: Mapping[str, Load]
) -> ScaleRecord:
    """Return what the last look decided, or what a new one does when it is due."""
    spec, now = scaler.body.spec, given.now
    bounds = Bounds(spec.min_replicas, spec.max_replicas)
    known = given.memory.autoscalers.get(str(workload.key))
    if (
        known is not None
        and known.looked_at <= now < known.looked_at + given.autoscaling
        and bounds.clamp(known.replicas) == known.replicas
    ):
        return known
    if known is None:
        # What runs was decided once, by whoever forgot it. It is not sent away because a manifest says less.
        begun = len(pods) or workload.body.spec.replicas
        known = ScaleRecord(replicas=begun, wishes=((now, bounds.clamp(begun)),))
    scene = Scene(
        scaler=scaler,
        spec=workload.body.spec.template.spec,
        pods=pods,
        current=known.replicas,
        rules=rules(spec.behavior),
        load=load,
        answers=given.metrics,
        now=now,
    )
    return look(scene, known)


def _idle(scaler: Scaler, target: ObjectKey, workload: Declared[AnyObject] | None, governor: ObjectKey) -> Told | None:
    """Say why an autoscaler does nothing at all."""
    if workload is None:
        return "AbleToScale", False, "FailedGetScale", f"there is no {target}"
    if governor != scaler.key:
        return "ScalingActive", False, "AmbiguousSelector", f"{target} is governed by {governor} already"
    if turned_off(workload.body):
        return "ScalingActive", False, "ScalingDisabled", "the replica count of the target is zero"
    return None


def _idle_status(key: ObjectKey, told: Told) -> ObjectStatus:
    kind, _, reason, message = told
    able: tuple[Told, ...] = () if kind == "AbleToScale" else (("AbleToScale", True, "SucceededGetScale", ""),)
    return ObjectStatus(
        key=key,
        phase="Ready" if reason == "ScalingDisabled" else "Failed",
        reason=reason,
        message=message,
        status=AutoscalerStatus(conditions=conditions((*able, told), (), 0.0)),
    )


def _status(key: ObjectKey, shown: AutoscalerStatus) -> ObjectStatus:
    """Return an autoscaler's status. Metrics that cannot be read hold up nobody: replicas stay as they are."""
    inactive = next((one for one in shown.conditions if one.type == "ScalingActive" and one.status == "False"), None)
    if inactive is None:
        return ObjectStatus(key=key, phase="Ready", status=shown)
    return ObjectStatus(key=key, phase="Ready", reason=inactive.reason, message=inactive.message, status=shown)


def _counted(given: FleetInput, pods: Sequence[Live]) -> Iterator[Live]:
    """Yield the pods that count: not those that go, nor those whose place others took."""
    memory = given.memory
    for pod in pods:
        if pod.name not in memory.leaving and memory.lost.get(pod.name) != pod.host:
            yield pod


def _queries(scaler: Scaler) -> Iterator[str]:
    for metric in scaler.body.spec.metrics:
        if metric.external is not None:
            yield query_of(scaler.body, metric.external.metric)
