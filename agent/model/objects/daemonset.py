from typing import Literal

from agent.model.intstr import IntOrString
from agent.model.objects.meta import Object, ObjectMeta
from agent.model.objects.pod import PodTemplate
from agent.model.objects.selector import LabelSelector


class DaemonRollingUpdate(Object, frozen=True, kw_only=True):
    """How many hosts may be without their pod, or have two of them, while they change. Both round up."""

    max_unavailable: IntOrString = 1
    max_surge: IntOrString = 0


class DaemonSetStrategy(Object, frozen=True, kw_only=True):
    """``OnDelete`` gives the new template to pods that somebody deletes, and to no others."""

    type: Literal["RollingUpdate", "OnDelete"] = "RollingUpdate"
    rolling_update: DaemonRollingUpdate | None = None
    """Set by defaulting when the type is RollingUpdate."""


class DaemonSetSpec(Object, frozen=True, kw_only=True):
    """One pod on every host that takes it."""

    selector: LabelSelector
    template: PodTemplate
    update_strategy: DaemonSetStrategy = DaemonSetStrategy()
    min_ready_seconds: int = 0
    revision_history_limit: int = 10


class DaemonSet(Object, frozen=True, kw_only=True):
    """A pod for every host."""

    metadata: ObjectMeta
    spec: DaemonSetSpec
    api_version: Literal["apps/v1"] = "apps/v1"
    kind: Literal["DaemonSet"] = "DaemonSet"
