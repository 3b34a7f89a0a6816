from typing import Literal

from agent.model.intstr import IntOrString
from agent.model.objects.meta import Object, ObjectMeta
from agent.model.objects.selector import LabelSelector


class BudgetSpec(Object, frozen=True, kw_only=True):
    """How many of the selected pods must stay available; one of the two bounds. No selector selects nothing."""

    selector: LabelSelector | None = None
    min_available: IntOrString | None = None
    max_unavailable: IntOrString | None = None
    unhealthy_pod_eviction_policy: Literal["IfHealthyBudget", "AlwaysAllow"] | None = None


class PodDisruptionBudget(Object, frozen=True, kw_only=True):
    """Bounds what is taken away on purpose: by draining, by changes of hosts, by moving pods."""

    metadata: ObjectMeta
    spec: BudgetSpec
    api_version: Literal["policy/v1"] = "policy/v1"
    kind: Literal["PodDisruptionBudget"] = "PodDisruptionBudget"
