"""What one metric of an autoscaler says: as it is read, and the replicas that it asks for."""

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Final, NamedTuple

from agent.model.kindstatus import MetricStatus
from agent.model.objects.autoscaler import ExternalMetric, Metric, MetricTarget
from agent.model.objects.pod import PodSpec
from agent.model.podrequests import pod_requests
from agent.model.podresources import milli
from agent.model.usage import Load
from agent.planner.autoscaling.external import query_of
from agent.planner.autoscaling.governing import Scaler
from agent.planner.autoscaling.replicas import Amounts, by_pods, by_share, by_value
from agent.planner.autoscaling.rules import Rules
from agent.planner.autoscaling.usage import Resource, sample
from agent.planner.live import Live

_UNKNOWN: Final = "<unknown>"


class Scene(NamedTuple):
    """What an autoscaler looks at: its workload's pods, what they use, what the metrics server answered.

    ``current`` are the replicas that hold now.
    """

    scaler: Scaler
    spec: PodSpec
    pods: Sequence[Live]
    current: int
    rules: Rules
    load: Mapping[str, Load]
    answers: Mapping[str, float | str]
    now: float


class Reading(NamedTuple):
    """One metric. ``wanted`` is None when it could not be read: ``reason`` and ``error`` then say why."""

    status: MetricStatus
    what: str
    wanted: int | None = None
    reason: str = ""
    error: str = ""


class _Unreadable(Exception):
    """A metric cannot be read; the message says why."""


def read(metric: Metric, scene: Scene) -> Reading:
    """Return what a metric says now."""
    if metric.external is not None:
        return _external(metric.external, scene)
    if (asked := metric.container_resource) is not None:
        shown, reason = f"{asked.name} of {asked.container}", "FailedGetContainerResourceMetric"
        return _resource(_Resource(shown, asked.name, asked.container, asked.target), reason, scene)
    if (whole := metric.resource) is not None:
        return _resource(_Resource(whole.name, whole.name, "", whole.target), "FailedGetResourceMetric", scene)
    raise AssertionError(f"a metric of type {metric.type} that says nothing does not pass validation")


class _Resource(NamedTuple):
    shown: str
    name: Resource
    container: str
    target: MetricTarget


def _resource(asked: _Resource, reason: str, scene: Scene) -> Reading:
    goal = _goal(asked.target)
    kind = "resource" if asked.target.average_utilization is None else "resource utilization (percentage of request)"
    what = f"{asked.shown} {kind}"
    try:
        current, wanted = _used(asked, scene)
    except _Unreadable as error:
        status = MetricStatus(name=asked.shown, current=_UNKNOWN, target=goal)
        return Reading(status, what, reason=reason, error=str(error))
    return Reading(MetricStatus(name=asked.shown, current=current, target=goal), what, wanted)


def _used(asked: _Resource, scene: Scene) -> tuple[str, int]:
    """Return the use of a resource as it is shown, and the replicas for it."""
    name, percent = asked.name, asked.target.average_utilization
    if percent is None:
        goal = assumed = milli(asked.target.average_value or 0)
        parts, unit = 1, 1
    else:
        parts, unit = 100, _request(scene.spec, name, asked.container)
        goal, assumed = percent, unit * max(100, percent) // 100
    if not scene.pods:
        raise _Unreadable(f"failed to get {name} usage: there are no pods yet")
    found = sample(scene.pods, scene.load, name, scene.now, asked.container)
    if not found.used:
        raise _Unreadable(f"failed to get {name} usage: no pod that is ready has been measured yet")

    def level(used: Amounts) -> int:
        return sum(used.values()) * parts // (unit * len(used))

    wanted = by_pods(found, lambda used: level(used) / goal, assumed=assumed, current=scene.current, rules=scene.rules)
    now = level(found.used)
    return _amount(name, now) if percent is None else f"{now}%", wanted


def _external(metric: ExternalMetric, scene: Scene) -> Reading:
    name, target = metric.metric.name, metric.target
    per_pod = target.average_value is not None
    goal, what = f"{_goal(target)}{' (avg)' if per_pod else ''}", f"external metric {name}"
    answer = scene.answers.get(query_of(scene.scaler.body, metric.metric), "it has not been asked for yet")
    if isinstance(answer, float) and not isfinite(answer * 1000):
        answer = f"the answer is {answer}, which is no number to reckon with"
    if isinstance(answer, str):
        status = MetricStatus(name=name, current=_UNKNOWN, target=goal)
        return Reading(status, what, reason="FailedGetExternalMetric", error=f"unable to get {what}: {answer}")
    value, count = round(answer * 1000), len(scene.pods)
    if target.average_value is not None:
        wanted = by_share(value, milli(target.average_value), pods=count, rules=scene.rules)
        shown = _amount("", -(-value // count) if count else value)
    else:
        ready = sum(1 for pod in scene.pods if pod.ready_since() is not None)
        ratio = value / milli(target.value or 0)
        wanted, shown = by_value(ratio, ready=ready, current=scene.current, rules=scene.rules), _amount("", value)
    return Reading(MetricStatus(name=name, current=shown, target=goal), what, wanted)


def _request(spec: PodSpec, name: Resource, container: str) -> int:
    """Return what a pod, or one container of it, requests of a resource, in thousandths."""
    if spec.resources is not None and spec.resources.requests and not container:
        whole = pod_requests(spec).get(name, 0)
        return _positive(whole if name == "cpu" else whole * 1000, name, "the pod as a whole")
    side_by_side = (*spec.containers, *(one for one in spec.init_containers if one.restart_policy == "Always"))
    asked = [one for one in side_by_side if container in {"", one.name}]
    if not asked:
        raise _Unreadable(f"container {container} is not in the pod's template")
    return sum(_positive(milli(one.resources.requests.get(name, 0)), name, f"container {one.name}") for one in asked)


def _positive(request: int, name: str, whose: str) -> int:
    if request <= 0:
        raise _Unreadable(f"missing request for {name} in {whose}: a utilization is a part of the request")
    return request


def _goal(target: MetricTarget) -> str:
    if target.average_utilization is not None:
        return f"{target.average_utilization}%"
    return str(target.value if target.average_value is None else target.average_value)


def _amount(name: str, thousandths: int) -> str:
    """Show an amount as manifests write it; bytes rounded for people."""
    if name == "memory":
        kibi = thousandths // 1000 // 1024
        return f"{round(kibi / 1024)}Mi" if kibi >= 10 * 1024 else f"{kibi}Ki"
    if name == "cpu":
        return f"{thousandths}m" if thousandths % 1000 else str(thousandths // 1000)
    return str(thousandths / 1000).removesuffix(".0")
