"""RuntimeClass: by which runtime handler of containerd pods run."""

from collections.abc import Mapping
from typing import Literal

from agent.model.objects.meta import Object, ObjectMeta
from agent.model.objects.pod.scheduling import Toleration
from agent.model.objects.pod.volume import Quantity


class Overhead(Object, frozen=True, kw_only=True):
    """What each pod of the class costs by itself."""

    pod_fixed: Mapping[str, Quantity] = {}


class Scheduling(Object, frozen=True, kw_only=True):
    """The hosts that know the handler."""

    node_selector: Mapping[str, str] = {}
    tolerations: tuple[Toleration, ...] = ()


class RuntimeClass(Object, frozen=True, kw_only=True):
    """``handler`` is the name of a runtime in containerd's configuration."""

    metadata: ObjectMeta
    handler: str
    overhead: Overhead | None = None
    scheduling: Scheduling | None = None
    api_version: Literal["node.k8s.io/v1"] = "node.k8s.io/v1"
    kind: Literal["RuntimeClass"] = "RuntimeClass"
