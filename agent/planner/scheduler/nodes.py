"""Node affinity: which hosts a pod may, and would rather, be on."""

from collections.abc import Mapping

from agent.model.objects.pod import NodeAffinity, NodeRequirement, NodeSelector, NodeTerm


def suits(selector: NodeSelector, name: str, labels: Mapping[str, str]) -> bool:
    """Tell whether one of a selector's terms holds for a host."""
    return any(_holds(term, name, labels) for term in selector.node_selector_terms)


def preference(affinity: NodeAffinity | None, name: str, labels: Mapping[str, str]) -> int:
    """Return the weights of all preferred terms that hold for a host, added up."""
    terms = affinity.preferred_during_scheduling_ignored_during_execution if affinity is not None else ()
    return sum(one.weight for one in terms if _holds(one.preference, name, labels))


def _holds(term: NodeTerm, name: str, labels: Mapping[str, str]) -> bool:
    """Follow Kubernetes: a term without any requirement matches nothing."""
    if not term.match_expressions and not term.match_fields:
        return False
    return all(_met(one, labels) for one in term.match_expressions) and all(
        _met(one, {"metadata.name": name}) for one in term.match_fields
    )


def _met(requirement: NodeRequirement, labels: Mapping[str, str]) -> bool:
    value = labels.get(requirement.key)
    match requirement.operator:
        case "In":
            return value in requirement.values
        case "NotIn":
            return value not in requirement.values
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
        case "Gt" | "Lt":
            return _compares(requirement, value)


def _compares(requirement: NodeRequirement, value: str | None) -> bool:
    """Compare whole numbers; a label that is none matches neither way."""
    try:
        there, asked = int(value or ""), int(requirement.values[0])
    except (ValueError, IndexError):
        return False
    return there > asked if requirement.operator == "Gt" else there < asked
