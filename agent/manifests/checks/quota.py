"""A ResourceQuota: amounts of what can be counted, and scopes that go with them."""

from collections.abc import Iterator
from typing import Final

from agent.manifests.checks.quantities import check_quantities, value_of
from agent.manifests.finding import Finding, Findings, Steps
from agent.model.objects.quota import QuotaScope, QuotaSpec, ResourceQuota, ScopeRequirement

_OPPOSITES: Final = (("BestEffort", "NotBestEffort"), ("Terminating", "NotTerminating"))
_OF_PODS: Final = frozenset(
    {"pods", *(f"{kind}{name}" for kind in ("", "requests.", "limits.") for name in ("cpu", "memory"))}
)
_MEASURED: Final = ("cpu", "memory", "storage", "hugepages-")
"""What is in names of amounts; all others are counts."""


def check_quota(body: ResourceQuota) -> Findings:
    """Yield what is wrong with a ResourceQuota."""
    spec, at = body.spec, ("spec",)
    yield from check_quantities(spec.hard, (*at, "hard"))
    for name, quantity in spec.hard.items():
        value = value_of(quantity)
        if value is not None and value != int(value) and _is_count(name):
            yield Finding((*at, "hard", name), "bad-value", f"`{name}` is counted, so {quantity} is not possible")
    for index, requirement in enumerate(spec.scope_selector.match_expressions if spec.scope_selector else ()):
        yield from _requirement(requirement, (*at, "scopeSelector", "matchExpressions", index))
    yield from _scopes(spec, at)


def _is_count(name: str) -> bool:
    return not any(measured in name.rpartition("/")[2] for measured in _MEASURED)


def _requirement(requirement: ScopeRequirement, at: Steps) -> Findings:
    operator = requirement.operator
    if requirement.scope_name != "PriorityClass" and operator != "Exists":
        message = f"the scope `{requirement.scope_name}` has no values, so its operator is `Exists`"
        yield Finding((*at, "operator"), "bad-value", message)
    elif (operator in ("In", "NotIn")) != bool(requirement.values):
        needs = "needs values" if operator in ("In", "NotIn") else "takes no values"
        yield Finding((*at, "values"), "bad-value", f"the operator `{operator}` {needs}", at_key=True)


def _scopes(spec: QuotaSpec, at: Steps) -> Findings:
    places = dict(_places(spec, at))
    for one, other in _OPPOSITES:
        if one in places and other in places:
            yield Finding(places[other], "bad-value", f"no pod is of both `{one}` and `{other}`", also=places[one])
    for scope, place in places.items():
        possible = {"pods"} if scope == "BestEffort" else _OF_PODS
        for name in spec.hard:
            if name not in possible:
                message = f"the scope `{scope}` is about pods, and `{name}` is not counted for them"
                if name in _OF_PODS:
                    message = "pods of the scope `BestEffort` ask for nothing, so only `pods` can be counted"
                yield Finding(("spec", "hard", name), "bad-value", message, at_key=True, also=place)


def _places(spec: QuotaSpec, at: Steps) -> Iterator[tuple[QuotaScope, Steps]]:
    for index, requirement in enumerate(spec.scope_selector.match_expressions if spec.scope_selector else ()):
        yield requirement.scope_name, (*at, "scopeSelector", "matchExpressions", index, "scopeName")
    for index, scope in enumerate(spec.scopes):
        yield scope, (*at, "scopes", index)
