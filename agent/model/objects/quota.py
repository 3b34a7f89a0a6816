"""What a namespace may have: as a whole (ResourceQuota), and each container, pod and claim in it (LimitRange)."""

from collections.abc import Mapping
from typing import Literal

from agent.model.objects.meta import Object, ObjectMeta

Quantity = str | int | float
QuotaScope = Literal[
    "Terminating", "NotTerminating", "BestEffort", "NotBestEffort", "PriorityClass", "CrossNamespacePodAffinity"
]
"""A property of pods."""


class ScopeRequirement(Object, frozen=True, kw_only=True):
    """One scope that a pod must be of to count."""

    scope_name: QuotaScope
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist"]
    values: tuple[str, ...] = ()


class ScopeSelector(Object, frozen=True, kw_only=True):
    """All scopes that a pod must be of to count."""

    match_expressions: tuple[ScopeRequirement, ...] = ()


class QuotaSpec(Object, frozen=True, kw_only=True):
    """The most of each resource, by its name: ``pods``, ``requests.cpu``, ``count/deployments.apps``."""

    hard: Mapping[str, Quantity] = {}
    scopes: tuple[QuotaScope, ...] = ()
    scope_selector: ScopeSelector | None = None


class ResourceQuota(Object, frozen=True, kw_only=True):
    """Bounds what a namespace may have in all."""

    metadata: ObjectMeta
    spec: QuotaSpec
    api_version: Literal["v1"] = "v1"
    kind: Literal["ResourceQuota"] = "ResourceQuota"


class LimitRangeItem(Object, frozen=True, kw_only=True):
    """Bounds and defaults for every object of a type, by resource name."""

    type: Literal["Container", "Pod", "PersistentVolumeClaim"]
    max: Mapping[str, Quantity] = {}
    min: Mapping[str, Quantity] = {}
    default: Mapping[str, Quantity] = {}
    default_request: Mapping[str, Quantity] = {}
    max_limit_request_ratio: Mapping[str, Quantity] = {}


class LimitRangeSpec(Object, frozen=True, kw_only=True):
    """All bounds together."""

    limits: tuple[LimitRangeItem, ...]


class LimitRange(Object, frozen=True, kw_only=True):
    """Bounds and defaults for what a namespace holds."""

    metadata: ObjectMeta
    spec: LimitRangeSpec
    api_version: Literal["v1"] = "v1"
    kind: Literal["LimitRange"] = "LimitRange"
