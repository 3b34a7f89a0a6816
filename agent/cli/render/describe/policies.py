"""What governs workloads: autoscalers, budgets, priorities, quotas and limits."""

from agent.cli.render.describe.lines import NONE, Pair, block, mapped, moment
from agent.cli.render.describe.parts import conditions, status_of
from agent.cli.render.describe.told import Subject
from agent.cli.render.table import table
from agent.model.kindstatus import AutoscalerStatus, BudgetStatus, QuotaStatus
from agent.model.objects.autoscaler import HorizontalPodAutoscaler
from agent.model.objects.budget import PodDisruptionBudget
from agent.model.objects.priority import PriorityClass
from agent.model.objects.quota import LimitRange


def autoscaler(subject: Subject) -> list[str]:
    """Describe a HorizontalPodAutoscaler: its target, its metrics, and what they ask for."""
    body, told = subject.body, subject.status.status if subject.status else None
    if not isinstance(body, HorizontalPodAutoscaler):
        return []
    spec, target = body.spec, body.spec.scale_target_ref
    pairs: list[Pair] = [
        ("Reference", f"{target.kind}/{target.name}"),
        ("Min replicas", str(spec.min_replicas)),
        ("Max replicas", str(spec.max_replicas)),
        ("Status", status_of(subject)),
    ]
    if isinstance(told, AutoscalerStatus):
        pairs += [
            ("Metrics", [f"{one.name}: {one.current} / {one.target}" for one in told.current_metrics]),
            ("Replicas", f"{told.current_replicas} current / {told.desired_replicas} desired"),
            ("Last scaled", moment(told.last_scale_time, subject.now) or NONE),
        ]
    return [*block(pairs), *conditions(subject)]


def budget(subject: Subject) -> list[str]:
    """Describe a PodDisruptionBudget: its bound, and what it allows now."""
    body, told = subject.body, subject.status.status if subject.status else None
    if not isinstance(body, PodDisruptionBudget):
        return []
    spec = body.spec
    pairs: list[Pair] = [("Selector", mapped(spec.selector.match_labels) if spec.selector else [])]
    pairs += [("Min available", str(spec.min_available))] if spec.min_available is not None else []
    pairs += [("Max unavailable", str(spec.max_unavailable))] if spec.max_unavailable is not None else []
    if isinstance(told, BudgetStatus):
        pairs += [
            ("Allowed disruptions", str(told.disruptions_allowed)),
            ("Current", str(told.current_healthy)),
            ("Desired", str(told.desired_healthy)),
            ("Total", str(told.expected_pods)),
        ]
    return [*block(pairs), *conditions(subject)]


def priority_class(subject: Subject) -> list[str]:
    """Describe a PriorityClass."""
    body = subject.body
    if not isinstance(body, PriorityClass):
        return []
    return block(
        [
            ("Value", str(body.value)),
            ("GlobalDefault", str(body.global_default).lower()),
            ("PreemptionPolicy", body.preemption_policy),
            ("Description", body.description or NONE),
        ]
    )


def quota(subject: Subject) -> list[str]:
    """Describe a ResourceQuota: what is used of what is allowed."""
    told = subject.status.status if subject.status else None
    if not isinstance(told, QuotaStatus):
        return []
    rows = [(name, told.used.get(name, "0"), most) for name, most in sorted(told.hard.items())]
    return table(("Resource", "Used", "Hard"), rows)


def limit_range(subject: Subject) -> list[str]:
    """Describe a LimitRange: bounds and defaults by type and resource."""
    body = subject.body
    if not isinstance(body, LimitRange):
        return []
    rows = [
        (
            item.type,
            name,
            *(str(part.get(name, "-")) for part in (item.min, item.max, item.default_request, item.default)),
        )
        for item in body.spec.limits
        for name in sorted({*item.min, *item.max, *item.default, *item.default_request})
    ]
    return table(("Type", "Resource", "Min", "Max", "Default Request", "Default Limit"), rows)
