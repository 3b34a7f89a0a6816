from typing import Literal

from agent.model.intstr import IntOrString
from agent.model.objects.claim import PersistentVolumeClaimSpec
from agent.model.objects.meta import Object, ObjectMeta
from agent.model.objects.pod import PodTemplate
from agent.model.objects.selector import LabelSelector


class StatefulRollingUpdate(Object, frozen=True, kw_only=True):
    """Ordinals below ``partition`` keep the older template; ``max_unavailable`` rounds down, at least 1; None is 1."""

    partition: int = 0
    max_unavailable: IntOrString | None = None


class StatefulSetStrategy(Object, frozen=True, kw_only=True):
    """``OnDelete`` gives the new template to pods that somebody deletes, and to no others."""

    type: Literal["RollingUpdate", "OnDelete"] = "RollingUpdate"
    rolling_update: StatefulRollingUpdate | None = None
    """Set by defaulting when the type is RollingUpdate."""


class ClaimTemplate(Object, frozen=True, kw_only=True):
    """A PersistentVolumeClaim that each pod gets, named ``TEMPLATE-SET-ORDINAL``."""

    metadata: ObjectMeta
    spec: PersistentVolumeClaimSpec
    api_version: Literal["v1"] = "v1"
    kind: Literal["PersistentVolumeClaim"] = "PersistentVolumeClaim"


class ClaimRetention(Object, frozen=True, kw_only=True):
    """What becomes of the claims when the set, or a replica of it, is not wanted any more."""

    when_deleted: Literal["Retain", "Delete"] = "Retain"
    when_scaled: Literal["Retain", "Delete"] = "Retain"


class Ordinals(Object, frozen=True, kw_only=True):
    """Where the numbers of the pods begin."""

    start: int = 0


class StatefulSetSpec(Object, frozen=True, kw_only=True):
    """Pods with an identity each: ``SET-ORDINAL``, made and removed in order unless it says Parallel."""

    selector: LabelSelector
    template: PodTemplate
    service_name: str = ""
    replicas: int = 1
    pod_management_policy: Literal["OrderedReady", "Parallel"] = "OrderedReady"
    update_strategy: StatefulSetStrategy = StatefulSetStrategy()
    min_ready_seconds: int = 0
    revision_history_limit: int = 10
    ordinals: Ordinals | None = None
    volume_claim_templates: tuple[ClaimTemplate, ...] = ()
    persistent_volume_claim_retention_policy: ClaimRetention | None = None


class StatefulSet(Object, frozen=True, kw_only=True):
    """Pods that are not interchangeable: never two of one name."""

    metadata: ObjectMeta
    spec: StatefulSetSpec
    api_version: Literal["apps/v1"] = "apps/v1"
    kind: Literal["StatefulSet"] = "StatefulSet"
