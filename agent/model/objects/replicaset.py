from typing import Literal

from agent.model.objects.meta import Object, ObjectMeta
from agent.model.objects.pod import PodTemplate
from agent.model.objects.selector import LabelSelector


class ReplicaSetSpec(Object, frozen=True, kw_only=True):
    """How many pods run. A changed template counts for pods that are made from then on."""

    selector: LabelSelector
    template: PodTemplate
    replicas: int = 1
    min_ready_seconds: int = 0


class ReplicaSet(Object, frozen=True, kw_only=True):
    """A number of interchangeable pods."""

    metadata: ObjectMeta
    spec: ReplicaSetSpec
    api_version: Literal["apps/v1"] = "apps/v1"
    kind: Literal["ReplicaSet"] = "ReplicaSet"
