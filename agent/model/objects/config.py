from collections.abc import Mapping
from typing import Literal

from agent.model.objects.meta import Object, ObjectMeta


class ConfigMap(Object, frozen=True, kw_only=True):
    """A ConfigMap. ``binary_data`` holds base64 text, as written."""

    metadata: ObjectMeta
    api_version: Literal["v1"] = "v1"
    kind: Literal["ConfigMap"] = "ConfigMap"
    data: Mapping[str, str] = {}
    binary_data: Mapping[str, str] = {}
    immutable: bool = False


class Secret(Object, frozen=True, kw_only=True):
    """A Secret. ``data`` holds base64 text, as written; ``string_data`` wins over it, as in Kubernetes."""

    metadata: ObjectMeta
    api_version: Literal["v1"] = "v1"
    kind: Literal["Secret"] = "Secret"
    type: str = "Opaque"
    data: Mapping[str, str] = {}
    string_data: Mapping[str, str] = {}
    immutable: bool = False

    def __repr__(self) -> str:
        return f"Secret({self.metadata.namespace}/{self.metadata.name}, keys={sorted({*self.data, *self.string_data})})"
