"""The scopes of a ResourceQuota: which pods it is about."""

from agent.model.objects.pod import PodSpec
from agent.model.objects.quota import QuotaScope, QuotaSpec, ScopeRequirement
from agent.model.qos import qos_class


def concerns(quota: QuotaSpec, spec: PodSpec) -> bool:
    """Tell whether a quota is about a pod: it must be of every scope."""
    needed = quota.scope_selector.match_expressions if quota.scope_selector is not None else ()
    return all(_is_of(scope, spec) for scope in quota.scopes) and all(_meets(one, spec) for one in needed)


def _meets(requirement: ScopeRequirement, spec: PodSpec) -> bool:
    if requirement.scope_name != "PriorityClass":
        return _is_of(requirement.scope_name, spec)
    name = spec.priority_class_name or ""
    match requirement.operator:
        case "Exists":
            return bool(name)
        case "DoesNotExist":
            return not name
        case "In":
            return name in requirement.values
        case "NotIn":
            return name not in requirement.values


def _is_of(scope: QuotaScope, spec: PodSpec) -> bool:
    match scope:
        case "Terminating":
            return spec.active_deadline_seconds is not None
        case "NotTerminating":
            return spec.active_deadline_seconds is None
        case "BestEffort":
            return qos_class(spec) == "BestEffort"
        case "NotBestEffort":
            return qos_class(spec) != "BestEffort"
        case "PriorityClass":
            return bool(spec.priority_class_name)
        case "CrossNamespacePodAffinity":
            return _looks_across(spec)


def _looks_across(spec: PodSpec) -> bool:
    """Tell whether a pod's affinity is about pods of other namespaces."""
    if spec.affinity is None:
        return False
    for one in (spec.affinity.pod_affinity, spec.affinity.pod_anti_affinity):
        if one is None:
            continue
        liked = (term.pod_affinity_term for term in one.preferred_during_scheduling_ignored_during_execution)
        for term in (*one.required_during_scheduling_ignored_during_execution, *liked):
            if term.namespaces or term.namespace_selector is not None:
                return True
    return False
