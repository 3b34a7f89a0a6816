"""One look of an autoscaler: what it reads, what it decides, what it remembers and shows."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from agent.model.kindstatus import AutoscalerStatus, Condition, MetricStatus
from agent.model.memory import ScaleRecord
from agent.planner.autoscaling.metrics import Reading, Scene, read
from agent.planner.autoscaling.pace import Bounds, kept_changes, kept_wishes, pace

Told = tuple[Literal["AbleToScale", "ScalingActive", "ScalingLimited"], bool, str, str]
"""A condition: type, status, reason, message."""


class _Decision(NamedTuple):
    replicas: int
    told: tuple[Told, ...]
    metrics: tuple[MetricStatus, ...] = ()
    wish: int | None = None


def look(scene: Scene, record: ScaleRecord) -> ScaleRecord:
    """Return what is to be remembered after a look at the metrics, ``replicas`` being what holds from now on."""
    spec, current, now = scene.scaler.body.spec, record.replicas, scene.now
    bounds = Bounds(spec.min_replicas, spec.max_replicas)
    made = _by_metrics(scene, record, bounds) if bounds.clamp(current) == current else _by_bounds(current, bounds)
    wishes = record.wishes if made.wish is None else (*record.wishes, (now, made.wish))
    scaled = made.replicas != current
    changes = (*record.changes, (now, made.replicas - current)) if scaled else record.changes
    scaled_at = now if scaled else record.scaled_at
    return ScaleRecord(
        replicas=made.replicas,
        scaled_at=scaled_at,
        looked_at=now,
        wishes=kept_wishes(wishes, scene.rules, now),
        changes=kept_changes(changes, scene.rules, now),
        shown=AutoscalerStatus(
            current_replicas=current,
            desired_replicas=made.replicas,
            last_scale_time=scaled_at,
            current_metrics=made.metrics,
            conditions=conditions(made.told, record.shown.conditions, now),
        ),
    )


def conditions(told: Sequence[Told], before: Sequence[Condition], now: float) -> tuple[Condition, ...]:
    """Return all conditions: those that were told anew, and what else stood before."""
    known = {one.type: one for one in before}
    for kind, holds, reason, message in told:
        status: Literal["True", "False"] = "True" if holds else "False"
        old = known.get(kind)
        since = old.since if old is not None and old.status == status else now
        known[kind] = Condition(type=kind, status=status, reason=reason, message=message, since=since)
    return tuple(known[kind] for kind in sorted(known))


def _by_bounds(current: int, bounds: Bounds) -> _Decision:
    """Get within the bounds, whatever the metrics say."""
    past = "above Spec.MaxReplicas" if current > bounds.most else "below Spec.MinReplicas"
    return _Decision(bounds.clamp(current), (_rescaled(bounds.clamp(current), f"Current number of replicas {past}"),))


def _by_metrics(scene: Scene, record: ScaleRecord, bounds: Bounds) -> _Decision:
    """Follow the metric that asks for the most. One that cannot be read might ask for more: then nothing shrinks."""
    current = record.replicas
    readings = [read(metric, scene) for metric in scene.scaler.body.spec.metrics]
    shown = tuple(reading.status for reading in readings)
    best = _most(readings)
    unread = next((reading for reading in readings if reading.wanted is None), None)
    if best is None or best.wanted is None or (unread is not None and best.wanted < current):
        able: Told = "AbleToScale", True, "SucceededGetScale", "the target's current scale is known"
        return _Decision(current, (able, _inactive(unread)), shown)
    active: Told = "ScalingActive", True, "ValidMetricFound", f"a replica count was calculated from {best.what}"
    going = pace(
        best.wanted,
        current,
        wishes=record.wishes,
        changes=record.changes,
        bounds=bounds,
        rules=scene.rules,
        now=scene.now,
    )
    limited: Told = "ScalingLimited", going.replicas != going.steady, going.reason, going.message
    if going.replicas != current:
        why = f"{best.what} above target" if going.replicas > current else "All metrics below target"
        able = _rescaled(going.replicas, why)
    elif going.steady != best.wanted:
        able = _stabilised(up=best.wanted >= current)
    else:
        able = "AbleToScale", True, "ReadyForNewScale", "recommended size matches current size"
    return _Decision(going.replicas, (able, active, limited), shown, best.wanted)


def _most(readings: Sequence[Reading]) -> Reading | None:
    """Return the first of the readings that ask for the most."""
    return max((one for one in readings if one.wanted is not None), key=lambda one: one.wanted or 0, default=None)


def _inactive(unread: Reading | None) -> Told:
    reason, error = (unread.reason, unread.error) if unread else ("FailedGetResourceMetric", "it has no metrics")
    return "ScalingActive", False, reason, f"the replica count cannot be calculated: {error}"


def _rescaled(replicas: int, why: str) -> Told:
    return "AbleToScale", True, "SucceededRescale", f"New size: {replicas}; reason: {why}"


def _stabilised(*, up: bool) -> Told:
    if up:
        what = "recent recommendations were lower than current one, applying the lowest recent recommendation"
        return "AbleToScale", True, "ScaleUpStabilized", what
    what = "recent recommendations were higher than current one, applying the highest recent recommendation"
    return "AbleToScale", True, "ScaleDownStabilized", what
