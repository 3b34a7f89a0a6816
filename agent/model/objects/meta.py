"""What every object has: metadata, a key, and the place where it was written."""

from collections.abc import Mapping
from typing import Generic, TypeVar

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


class PodKey(Value, frozen=True, kw_only=True, order=True, cache_hash=True):
    """Identifies one pod of the fleet by namespace and name."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


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
