"""What every object has: metadata, a key, and the place where it was written."""

from collections.abc import Mapping
from typing import Final, Generic, Self, TypeVar

import msgspec

from agent.model.origin import Origin
from agent.model.value import Value


class Object(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The base of everything that is decoded from a manifest: camelCase there, snake_case here, closed."""


class ObjectMeta(Object, frozen=True, kw_only=True):
    """``metadata`` of an object. ``namespace`` is ``default`` once defaulted, and empty for cluster-scoped kinds."""

    name: str
    namespace: str = ""
    labels: Mapping[str, str] = {}
    annotations: Mapping[str, str] = {}


class ObjectKey(Value, frozen=True, kw_only=True, order=True, cache_hash=True):
    """Identifies one object: kind, namespace (empty for cluster-scoped kinds), name."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


_VOLUME: Final = "pvc/"


class PodKey(Value, frozen=True, kw_only=True, order=True, cache_hash=True):
    """Identifies one pod of the fleet by namespace and name.

    A host is planned by such keys, so what else is made or removed there has one, too, that no pod can have.
    """

    namespace: str
    name: str

    @classmethod
    def of_volume(cls, namespace: str, claim: str) -> Self:
        """Return what stands for the volume of a claim."""
        return cls(namespace=namespace, name=f"{_VOLUME}{claim}")

    @classmethod
    def of_folder(cls, uid: str) -> Self:
        """Return what stands for a folder left over of a pod that is no more: nobody knows its name."""
        return cls(namespace="", name=uid)

    @property
    def is_pod(self) -> bool:
        """Tell whether a pod can have this key."""
        return bool(self.namespace) and not self.name.startswith(_VOLUME)

    @property
    def title(self) -> str:
        """What is identified, with its kind: ``Pod default/web``."""
        if not self.namespace:
            return str(self)
        if self.name.startswith(_VOLUME):
            return f"PersistentVolumeClaim {self.namespace}/{self.name.removeprefix(_VOLUME)}"
        return f"Pod {self}"

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}" if self.namespace else f"folder of pod {self.name}"


class ConfigKey(Value, frozen=True, kw_only=True, order=True):
    """Identifies a ConfigMap or Secret within the namespace of the pod that refers to it."""

    kind: str
    name: str


Body_co = TypeVar("Body_co", bound=Object, covariant=True)


class Declared(msgspec.Struct, Generic[Body_co], frozen=True, kw_only=True, weakref=True, gc=True):
    """An object with its key and the place where it was written. What manifests yield and planners take."""

    key: ObjectKey
    body: Body_co
    origin: Origin
    written: Body_co | None = None
    """The body without what LimitRanges filled into its pods; None where they filled in nothing."""
