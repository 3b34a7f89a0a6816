"""Label selectors, and what hosts must have: operators and their values."""

import re
from typing import Final

from agent.manifests.explain import shorten
from agent.manifests.finding import Finding, Findings, Steps
from agent.model.objects.pod import NodeRequirement, NodeSelector, NodeTerm
from agent.model.objects.selector import LabelSelector

_WHOLE: Final = re.compile(r"-?[0-9]{1,18}")
_LABEL_VALUE: Final = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
_OF_LABELS: Final = "take letters, digits, `-`, `_` and `.`, first and last a letter or digit, at most 63 characters"
_NAME: Final = "metadata.name"


def check_selector(selector: LabelSelector | None, at: Steps) -> Findings:
    """Yield requirements whose values do not go with their operator."""
    for index, requirement in enumerate(selector.match_expressions if selector else ()):
        yield from _values(requirement.operator, requirement.values, (*at, "matchExpressions", index, "values"))


def check_node_selector(selector: NodeSelector, at: Steps) -> Findings:
    """Yield what is wrong with the terms of a node selector. Unlike a preference, it only takes values of labels."""
    for index, term in enumerate(selector.node_selector_terms):
        place = (*at, "nodeSelectorTerms", index)
        yield from check_node_term(term, place)
        for number, requirement in enumerate(term.match_expressions):
            yield from _label_values(requirement, (*place, "matchExpressions", number, "values"))


def check_node_term(term: NodeTerm, at: Steps) -> Findings:
    """Yield what is wrong with requirements on hosts."""
    for index, requirement in enumerate(term.match_expressions):
        yield from _requirement(requirement, (*at, "matchExpressions", index))
    for index, requirement in enumerate(term.match_fields):
        yield from _field(requirement, (*at, "matchFields", index))


def _requirement(requirement: NodeRequirement, at: Steps) -> Findings:
    if requirement.operator not in ("Gt", "Lt"):
        yield from _values(requirement.operator, requirement.values, (*at, "values"))
    elif len(requirement.values) != 1 or not _WHOLE.fullmatch(requirement.values[0]):
        message = f"the operator `{requirement.operator}` needs exactly one value, a whole number"
        yield Finding((*at, "values"), "bad-value", message, at_key=True)


def _label_values(requirement: NodeRequirement, at: Steps) -> Findings:
    for index, value in enumerate(requirement.values):
        if not _LABEL_VALUE.fullmatch(value):
            yield Finding((*at, index), "bad-value", f"no label has the value `{shorten(value)}`", _OF_LABELS)


def _field(requirement: NodeRequirement, at: Steps) -> Findings:
    if requirement.key != _NAME:
        hint = "labels of hosts go into matchExpressions"
        yield Finding((*at, "key"), "bad-value", f"the only field of a host is `{_NAME}`", hint)
    if requirement.operator not in ("In", "NotIn"):
        yield Finding((*at, "operator"), "bad-value", "fields are compared with `In` or `NotIn` only")
    elif len(requirement.values) != 1:
        yield Finding((*at, "values"), "bad-value", "a field is compared with exactly one value", at_key=True)


def _values(operator: str, values: tuple[str, ...], at: Steps) -> Findings:
    needs_values = operator in ("In", "NotIn")
    if needs_values != bool(values):
        needs = "needs values" if needs_values else "takes no values"
        yield Finding(at, "bad-value", f"the operator `{operator}` {needs}", at_key=True)
