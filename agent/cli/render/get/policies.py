from collections.abc import Mapping
from typing import Final

from agent.cli.render.get.columns import MESSAGE, NAME, Cell, Column, Entry, body, told
from agent.model.kindstatus import AutoscalerStatus, BudgetStatus, QuotaStatus
from agent.model.objects.autoscaler import HorizontalPodAutoscaler
from agent.model.objects.budget import PodDisruptionBudget
from agent.model.objects.priority import PriorityClass
from agent.model.objects.quota import LimitRange


def _targets(status: AutoscalerStatus) -> str:
    return ", ".join(f"{one.name}: {one.current}/{one.target}" for one in status.current_metrics) or "<unknown>"


def _reference(one: HorizontalPodAutoscaler) -> str:
    return f"{one.spec.scale_target_ref.kind}/{one.spec.scale_target_ref.name}"


def _bound(bound: int | str | None) -> str:
    return "N/A" if bound is None else str(bound)


def _used(prefix: str, *, others: bool) -> Cell:
    """Return the cell with what is used of the resources whose names begin so, or of all others."""

    def cell(entry: Entry, _now: float) -> str:
        found = entry.status.status if entry.status else None
        if not isinstance(found, QuotaStatus):
            return ""
        names = (name for name in sorted(found.hard) if name.startswith(prefix) is not others)
        return ", ".join(f"{name}: {found.used.get(name, '0')}/{found.hard[name]}" for name in names)

    return cell


COLUMNS: Final[Mapping[str, tuple[Column, ...]]] = {
    "HorizontalPodAutoscaler": (
        NAME,
        Column(title="REFERENCE", cell=body(HorizontalPodAutoscaler, _reference)),
        Column(title="TARGETS", cell=told(AutoscalerStatus, _targets)),
        Column(title="MINPODS", cell=body(HorizontalPodAutoscaler, lambda one: str(one.spec.min_replicas))),
        Column(title="MAXPODS", cell=body(HorizontalPodAutoscaler, lambda one: str(one.spec.max_replicas))),
        Column(title="REPLICAS", cell=told(AutoscalerStatus, lambda found: str(found.current_replicas))),
        MESSAGE,
    ),
    "PodDisruptionBudget": (
        NAME,
        Column(title="MIN AVAILABLE", cell=body(PodDisruptionBudget, lambda one: _bound(one.spec.min_available))),
        Column(title="MAX UNAVAILABLE", cell=body(PodDisruptionBudget, lambda one: _bound(one.spec.max_unavailable))),
        Column(title="ALLOWED DISRUPTIONS", cell=told(BudgetStatus, lambda found: str(found.disruptions_allowed))),
        MESSAGE,
    ),
    "PriorityClass": (
        NAME,
        Column(title="VALUE", cell=body(PriorityClass, lambda one: str(one.value))),
        Column(title="GLOBAL-DEFAULT", cell=body(PriorityClass, lambda one: str(one.global_default).lower())),
        Column(title="PREEMPTIONPOLICY", cell=body(PriorityClass, lambda one: one.preemption_policy)),
    ),
    "ResourceQuota": (
        NAME,
        Column(title="REQUEST", cell=_used("limits.", others=True)),
        Column(title="LIMIT", cell=_used("limits.", others=False)),
    ),
    "LimitRange": (
        NAME,
        Column(title="TYPES", cell=body(LimitRange, lambda one: ",".join(item.type for item in one.spec.limits))),
    ),
}
