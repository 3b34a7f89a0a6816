"""What decides the host of a pod."""

from typing import Literal

from agent.model.objects.meta import Object
from agent.model.objects.selector import LabelSelector


class Toleration(Object, frozen=True, kw_only=True):
    """Lets a pod onto hosts with a matching taint; ``toleration_seconds`` bounds how long a NoExecute one is borne."""

    key: str = ""
    operator: Literal["Equal", "Exists"] = "Equal"
    value: str = ""
    effect: Literal["", "NoSchedule", "PreferNoSchedule", "NoExecute"] = ""
    toleration_seconds: int | None = None


class NodeRequirement(Object, frozen=True, kw_only=True):
    """A requirement on a host's label (or, among the fields, on its ``metadata.name``)."""

    key: str
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"]
    values: tuple[str, ...] = ()


class NodeTerm(Object, frozen=True, kw_only=True):
    """Requirements that all hold. An empty term matches nothing."""

    match_expressions: tuple[NodeRequirement, ...] = ()
    match_fields: tuple[NodeRequirement, ...] = ()


class NodeSelector(Object, frozen=True, kw_only=True):
    """Terms of which one holds."""

    node_selector_terms: tuple[NodeTerm, ...]


class PreferredNode(Object, frozen=True, kw_only=True):
    """A term that is worth ``weight`` (1 to 100)."""

    weight: int
    preference: NodeTerm


class NodeAffinity(Object, frozen=True, kw_only=True):
    """Which hosts a pod may, and would rather, be on."""

    required_during_scheduling_ignored_during_execution: NodeSelector | None = None
    preferred_during_scheduling_ignored_during_execution: tuple[PreferredNode, ...] = ()


class PodTerm(Object, frozen=True, kw_only=True):
    """Other pods, in the same ``topology_key`` domain. Without namespaces: those of the pod's own."""

    topology_key: str
    label_selector: LabelSelector | None = None
    namespaces: tuple[str, ...] = ()
    namespace_selector: LabelSelector | None = None
    match_label_keys: tuple[str, ...] = ()
    mismatch_label_keys: tuple[str, ...] = ()


class WeightedPodTerm(Object, frozen=True, kw_only=True):
    """A term that is worth ``weight`` (1 to 100)."""

    weight: int
    pod_affinity_term: PodTerm


class PodAffinity(Object, frozen=True, kw_only=True):
    """Which pods a pod must, and would rather, be near to (affinity) or away from (anti-affinity)."""

    required_during_scheduling_ignored_during_execution: tuple[PodTerm, ...] = ()
    preferred_during_scheduling_ignored_during_execution: tuple[WeightedPodTerm, ...] = ()


class Affinity(Object, frozen=True, kw_only=True):
    """Rules about the hosts and the neighbours of a pod."""

    node_affinity: NodeAffinity | None = None
    pod_affinity: PodAffinity | None = None
    pod_anti_affinity: PodAffinity | None = None


class SpreadConstraint(Object, frozen=True, kw_only=True):
    """How evenly pods that match are spread over the domains of ``topology_key``."""

    max_skew: int
    topology_key: str
    when_unsatisfiable: Literal["DoNotSchedule", "ScheduleAnyway"]
    label_selector: LabelSelector | None = None
    min_domains: int | None = None
    node_affinity_policy: Literal["Honor", "Ignore"] = "Honor"
    node_taints_policy: Literal["Honor", "Ignore"] = "Ignore"
    match_label_keys: tuple[str, ...] = ()
