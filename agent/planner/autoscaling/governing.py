"""Whose replicas are whose: which autoscaler governs which workload."""

from collections.abc import Mapping

from agent.model.objects.autoscaler import HorizontalPodAutoscaler
from agent.model.objects.deployment import Deployment
from agent.model.objects.fleet import AnyObject, Fleet
from agent.model.objects.meta import Declared, ObjectKey
from agent.model.objects.replicaset import ReplicaSet
from agent.model.objects.statefulset import StatefulSet
from agent.planner.ofkind import of_kind

Scaler = Declared[HorizontalPodAutoscaler]


def autoscalers(fleet: Fleet) -> Mapping[ObjectKey, Scaler]:
    """Return the autoscalers of a fleet, sorted by key."""
    return of_kind(fleet, HorizontalPodAutoscaler)


def target_of(scaler: Scaler) -> ObjectKey:
    """Return the workload that an autoscaler is about."""
    target = scaler.body.spec.scale_target_ref
    return ObjectKey(kind=target.kind, namespace=scaler.key.namespace, name=target.name)


def governors(scalers: Mapping[ObjectKey, Scaler]) -> Mapping[ObjectKey, ObjectKey]:
    """Return the autoscaler of each workload. Of several the first by name governs."""
    found: dict[ObjectKey, ObjectKey] = {}
    for key, scaler in scalers.items():
        found.setdefault(target_of(scaler), key)
    return found


def governed_by(fleet: Fleet, key: ObjectKey) -> ObjectKey | None:
    """Return the autoscaler that sets a workload's replicas; None where the workload's own manifest does.

    Replicas of 0 in the manifest turn autoscaling off, and are its own.
    """
    workload = fleet.objects.get(key)
    if workload is None or turned_off(workload.body):
        return None
    return governors(autoscalers(fleet)).get(key)


def turned_off(workload: AnyObject) -> bool:
    """Tell whether a workload's manifest wants no replicas at all."""
    return isinstance(workload, Deployment | StatefulSet | ReplicaSet) and workload.spec.replicas == 0
