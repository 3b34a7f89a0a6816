"""Label selectors, as manifests write them."""

from collections.abc import Mapping
from typing import Literal

from agent.model.objects.meta import Object


class LabelSelectorRequirement(Object, frozen=True, kw_only=True):
    """One ``matchExpressions`` entry."""

    key: str
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist"]
    values: tuple[str, ...] = ()


class LabelSelector(Object, frozen=True, kw_only=True):
    """Selects by labels; every part must hold."""

    match_labels: Mapping[str, str] = {}
    match_expressions: tuple[LabelSelectorRequirement, ...] = ()
