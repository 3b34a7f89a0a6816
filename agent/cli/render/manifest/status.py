"""``status`` of what is declared: what trimtab says of an object, and what Kubernetes would."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from agent.cli.render.manifest.moment import moments
from agent.model.kindstatus import AutoscalerStatus, CronJobStatus, MetricStatus
from agent.model.objects.autoscaler import HorizontalPodAutoscaler, Metric, MetricTarget
from agent.model.objects.fleet import AnyObject
from agent.model.status import ObjectStatus

_ALWAYS: Final[Mapping[str, tuple[str, ...]]] = {
    "StatefulSet": ("replicas", "availableReplicas"),
    "ReplicaSet": ("replicas",),
    "DaemonSet": ("desiredNumberScheduled", "currentNumberScheduled", "numberMisscheduled", "numberReady"),
    "Job": ("ready", "terminating"),
    "HorizontalPodAutoscaler": ("desiredReplicas",),
    "PodDisruptionBudget": ("disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods"),
}
"""Counts that Kubernetes shows when they are 0, too; all others are left out then."""
_STORAGE: Final = ("PersistentVolumeClaim", "PersistentVolume")


def object_status(status: ObjectStatus | None, body: AnyObject | None) -> dict[str, Any]:
    """Return ``status``; nothing where there is nothing to say."""
    if status is None or not (status.wanted or status.pods or status.status or status.message):
        return {}
    phase, reason = status.phase, status.reason
    if status.key.kind in _STORAGE:  # Kubernetes has phases of its own for these: Bound, Pending, Released
        return _said({"phase": reason or phase, "message": status.message})
    return {**_said({"phase": phase, "reason": reason, "message": status.message}), **_counts(status, body)}


def _said(texts: Mapping[str, str]) -> dict[str, Any]:
    return {name: text for name, text in texts.items() if text}


def _counts(status: ObjectStatus, body: AnyObject | None) -> dict[str, Any]:
    if status.status is None:
        counts = {"replicas": status.wanted, "updatedReplicas": status.updated, "readyReplicas": status.ready}
        return {name: count for name, count in (counts | {"availableReplicas": status.available}).items() if count}
    told: dict[str, Any] = msgspec.to_builtins(status.status)
    del told["kind"]
    times = {name: told.pop(name) for name in list(told) if name.endswith("Time")}
    told = {**dict.fromkeys(_ALWAYS.get(status.key.kind, ()), 0), **told, **moments(**times)}
    if "conditions" in told:
        told["conditions"] = [_condition(one) for one in told["conditions"]]
    if isinstance(status.status, CronJobStatus) and status.status.active:
        told["active"] = [_job(status.key.namespace, name) for name in status.status.active]
    if isinstance(status.status, AutoscalerStatus):
        told["currentMetrics"] = _metrics(body, status.status.current_metrics)
    return told


def _condition(told: dict[str, Any]) -> dict[str, Any]:
    since = told.pop("since", 0.0)
    return {**told, **moments(lastTransitionTime=since)}


def _job(namespace: str, name: str) -> dict[str, str]:
    return {"apiVersion": "batch/v1", "kind": "Job", "name": name, "namespace": namespace}


def _metrics(body: AnyObject | None, told: tuple[MetricStatus, ...]) -> list[dict[str, Any]]:
    """Return the metrics that could be read, each as the kind of metric that was asked for."""
    asked = body.spec.metrics if isinstance(body, HorizontalPodAutoscaler) else ()
    pairs = zip(asked, told, strict=True) if len(asked) == len(told) else ()
    return [_metric(metric, one.current) for metric, one in pairs if one.current[:1].isdigit()]


def _metric(metric: Metric, current: str) -> dict[str, Any]:
    if (resource := metric.resource) is not None:
        said: dict[str, Any] = {"name": resource.name, "current": _value(resource.target, current)}
        return {"type": metric.type, "resource": said}
    if (one := metric.container_resource) is not None:
        said = {"name": one.name, "container": one.container, "current": _value(one.target, current)}
        return {"type": metric.type, "containerResource": said}
    if (external := metric.external) is not None:
        said = {"metric": {"name": external.metric.name}, "current": _value(external.target, current)}
        return {"type": metric.type, "external": said}
    return {"type": metric.type}


def _value(target: MetricTarget, current: str) -> dict[str, Any]:
    if target.average_utilization is not None:
        return {"averageUtilization": int(current.removesuffix("%"))}
    return {"averageValue" if target.average_value is not None else "value": current}
