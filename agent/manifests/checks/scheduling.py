"""What decides the host of a pod: tolerations, affinity, spreading."""

from collections.abc import Iterable

from agent.manifests.checks.selectors import check_node_selector, check_node_term, check_selector
from agent.manifests.finding import Finding, Findings, Steps
from agent.model.objects.pod import NodeAffinity, PodAffinity, PodSpec, PodTerm, SpreadConstraint, Toleration

_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"


def check_scheduling(spec: PodSpec, at: Steps) -> Findings:
    """Yield what is wrong with the rules about a pod's host."""
    yield from check_tolerations(spec.tolerations, (*at, "tolerations"))
    affinity, place = spec.affinity, (*at, "affinity")
    if affinity and affinity.node_affinity:
        yield from _node_affinity(affinity.node_affinity, (*place, "nodeAffinity"))
    if affinity and affinity.pod_affinity:
        yield from _pod_affinity(affinity.pod_affinity, (*place, "podAffinity"))
    if affinity and affinity.pod_anti_affinity:
        yield from _pod_affinity(affinity.pod_anti_affinity, (*place, "podAntiAffinity"))
    yield from _spread(spec.topology_spread_constraints, (*at, "topologySpreadConstraints"))


def check_tolerations(tolerations: Iterable[Toleration], at: Steps) -> Findings:
    """Yield what is wrong with tolerations."""
    for index, toleration in enumerate(tolerations):
        place = (*at, index)
        if toleration.operator == "Exists" and toleration.value:
            yield Finding((*place, "value"), "bad-value", "the operator `Exists` takes no value", at_key=True)
        if not toleration.key and toleration.operator != "Exists":
            message = "without a key, the operator must be `Exists`, which tolerates every taint"
            yield Finding((*place, "operator"), "bad-value", message)
        if toleration.toleration_seconds is not None and toleration.effect != "NoExecute":
            message = "only taints with the effect `NoExecute` send pods away, so only they are borne for a time"
            yield Finding((*place, "tolerationSeconds"), "bad-value", message, "write effect: NoExecute", at_key=True)


def _node_affinity(affinity: NodeAffinity, at: Steps) -> Findings:
    if affinity.required_during_scheduling_ignored_during_execution:
        yield from check_node_selector(affinity.required_during_scheduling_ignored_during_execution, (*at, _REQUIRED))
    for index, preferred in enumerate(affinity.preferred_during_scheduling_ignored_during_execution):
        yield from check_node_term(preferred.preference, (*at, _PREFERRED, index, "preference"))


def _pod_affinity(affinity: PodAffinity, at: Steps) -> Findings:
    for index, term in enumerate(affinity.required_during_scheduling_ignored_during_execution):
        yield from _pod_term(term, (*at, _REQUIRED, index))
    for index, weighted in enumerate(affinity.preferred_during_scheduling_ignored_during_execution):
        yield from _pod_term(weighted.pod_affinity_term, (*at, _PREFERRED, index, "podAffinityTerm"))


def _pod_term(term: PodTerm, at: Steps) -> Findings:
    yield from check_selector(term.label_selector, (*at, "labelSelector"))
    yield from check_selector(term.namespace_selector, (*at, "namespaceSelector"))
    yield from _match_keys(term, term.match_label_keys, (*at, "matchLabelKeys"))
    yield from _match_keys(term, term.mismatch_label_keys, (*at, "mismatchLabelKeys"))
    for index, key in enumerate(term.match_label_keys):
        if key in term.mismatch_label_keys:
            message = f"label `{key}` cannot be both the same and different"
            also = (*at, "mismatchLabelKeys", term.mismatch_label_keys.index(key))
            yield Finding((*at, "matchLabelKeys", index), "bad-value", message, also=also)


def _match_keys(part: PodTerm | SpreadConstraint, keys: tuple[str, ...], at: Steps) -> Findings:
    if keys and part.label_selector is None:
        message = "labels are only compared among pods that `labelSelector` selects"
        yield Finding(at, "bad-value", message, "write a labelSelector", at_key=True)


def _spread(constraints: tuple[SpreadConstraint, ...], at: Steps) -> Findings:
    first: dict[tuple[str, str], int] = {}
    for index, constraint in enumerate(constraints):
        place = (*at, index)
        kind = (constraint.topology_key, constraint.when_unsatisfiable)
        if kind in first:
            message = f"there is a constraint `{kind[1]}` on `{kind[0]}` already"
            yield Finding((*place, "topologyKey"), "duplicate", message, also=(*at, first[kind], "topologyKey"))
        first.setdefault(kind, index)
        yield from check_selector(constraint.label_selector, (*place, "labelSelector"))
        if constraint.min_domains is not None and constraint.when_unsatisfiable != "DoNotSchedule":
            message = "`minDomains` has a meaning with `DoNotSchedule` only"
            yield Finding((*place, "minDomains"), "bad-value", message, at_key=True)
        yield from _match_keys(constraint, constraint.match_label_keys, (*place, "matchLabelKeys"))
        chosen = constraint.label_selector.match_labels if constraint.label_selector else {}
        for inner, key in enumerate(constraint.match_label_keys):
            if key in chosen:
                message = f"label `{key}` is in `labelSelector` already"
                yield Finding((*place, "matchLabelKeys", inner), "bad-value", message)
