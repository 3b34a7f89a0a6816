"""Every field of Kubernetes' own definitions of what we read, beside what our schemas say of it."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from kubernetes_validate.utils import schema_contents  # type: ignore[import-untyped] # ships no types

from agent.manifests import schema as schemas

KUBERNETES: Final = "1.37"
_GROUPS: Final = {
    "Pod": "io.k8s.api.core.v1",
    "PersistentVolumeClaim": "io.k8s.api.core.v1",
    "PersistentVolume": "io.k8s.api.core.v1",
    "StorageClass": "io.k8s.api.storage.v1",
    "RuntimeClass": "io.k8s.api.node.v1",
    "Deployment": "io.k8s.api.apps.v1",
    "ReplicaSet": "io.k8s.api.apps.v1",
    "StatefulSet": "io.k8s.api.apps.v1",
    "DaemonSet": "io.k8s.api.apps.v1",
    "Job": "io.k8s.api.batch.v1",
    "CronJob": "io.k8s.api.batch.v1",
    "HorizontalPodAutoscaler": "io.k8s.api.autoscaling.v2",
    "PodDisruptionBudget": "io.k8s.api.policy.v1",
    "PriorityClass": "io.k8s.api.scheduling.v1",
    "ResourceQuota": "io.k8s.api.core.v1",
    "LimitRange": "io.k8s.api.core.v1",
}
"""The kinds whose parts are walked, in the order of the page."""

Schema = Mapping[str, Any]


class Entry(NamedTuple):
    """One field of a type of Kubernetes. ``refused`` is our reason, None where the schemas take the field."""

    type: str
    field: str
    known: bool
    """Whether our schemas know the field at all, taken or refused."""
    refused: str | None = None

    @property
    def name(self) -> str:
        """How the data names it."""
        return f"{self.type}.{self.field}"


def every_field() -> list[Entry]:
    """Return the fields of all types that we take parts of, each type once, parts after what they are part of."""
    definitions = schema_contents(f"kubernetes-json-schema/v{KUBERNETES}.0-local/_definitions.json", KUBERNETES)[
        "$defs"
    ]
    seen: set[str] = set()
    entries: list[Entry] = []
    for kind, group in _GROUPS.items():
        todo: list[tuple[str, Schema, Schema]] = [(f"{group}.{kind}", schemas.SCHEMAS[kind], schemas.SCHEMAS[kind])]
        while todo:
            name, ours, base = todo.pop(0)
            if name not in seen:
                seen.add(name)
                entries.extend(_entries(name, definitions[name], ours))
                todo.extend(_parts(definitions[name], ours, base))
    return entries


def _entries(name: str, theirs: Schema, ours: Schema) -> Iterator[Entry]:
    taken, refused = ours["properties"], ours.get("x-unsupported", {})
    for field in sorted(theirs.get("properties", {})):
        known = field in taken or field in refused
        yield Entry(name.rpartition(".")[2], field, known, None if field in taken else refused.get(field))


def _parts(theirs: Schema, ours: Schema, base: Schema) -> Iterator[tuple[str, Schema, Schema]]:
    """Yield the types of those fields that both have and that have fields themselves."""
    for field, property_ in theirs.get("properties", {}).items():
        reference = property_.get("$ref") or property_.get("items", {}).get("$ref", "")
        if not reference or field not in ours["properties"]:
            continue
        part, file = schemas.resolved(dict(ours["properties"][field]), dict(base))
        if part.get("type") == "array":
            part, file = schemas.resolved(part["items"], file)
        if "properties" in part:
            yield reference.rpartition("/")[2], part, file
