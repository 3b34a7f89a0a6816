"""A PodDisruptionBudget: one bound."""

from agent.manifests.checks.choice import check_one_of
from agent.manifests.checks.intstr import check_percentage
from agent.manifests.checks.selectors import check_selector
from agent.manifests.finding import Finding, Findings
from agent.model.objects.budget import PodDisruptionBudget


def check_budget(body: PodDisruptionBudget) -> Findings:
    """Yield what is wrong with a PodDisruptionBudget."""
    spec, at = body.spec, ("spec",)
    bounds = (("min_available", "minAvailable"), ("max_unavailable", "maxUnavailable"))
    yield from check_one_of(spec, bounds, at)
    if spec.min_available is not None:
        yield from check_percentage(spec.min_available, (*at, "minAvailable"))
    if spec.max_unavailable is not None:
        yield from check_percentage(spec.max_unavailable, (*at, "maxUnavailable"))
    yield from check_selector(spec.selector, (*at, "selector"))
    if spec.selector is None:
        message = "without a selector the budget is about no pod"
        yield Finding((*at, "selector"), "missing-field", message, "write matchLabels with labels of the pods")
