from typing import Literal

from agent.model.intstr import IntOrString
from agent.model.objects.meta import Object, ObjectMeta
from agent.model.objects.pod import PodTemplate
from agent.model.objects.selector import LabelSelector


class RollingUpdate(Object, frozen=True, kw_only=True):
    """How far a rollout may leave the wanted count: surge rounds up, unavailable rounds down."""

    max_surge: IntOrString = "25%"
    max_unavailable: IntOrString = "25%"


class DeploymentStrategy(Object, frozen=True, kw_only=True):
    """``RollingUpdate`` replaces step by step; ``Recreate`` removes all old pods first."""

    type: Literal["RollingUpdate", "Recreate"] = "RollingUpdate"
    rolling_update: RollingUpdate | None = None
    """Set by defaulting when the type is RollingUpdate."""


class DeploymentSpec(Object, frozen=True, kw_only=True):
    """How many pods of a template run, and how they change."""

    selector: LabelSelector
    template: PodTemplate
    replicas: int = 1
    strategy: DeploymentStrategy = DeploymentStrategy()
    min_ready_seconds: int = 0
    progress_deadline_seconds: int = 600
    revision_history_limit: int = 10
    paused: bool = False


class Deployment(Object, frozen=True, kw_only=True):
    """A number of interchangeable pods, rolled when their template changes."""

    metadata: ObjectMeta
    spec: DeploymentSpec
    api_version: Literal["apps/v1"] = "apps/v1"
    kind: Literal["Deployment"] = "Deployment"
