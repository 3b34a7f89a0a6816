"""References to what is not there."""

from collections.abc import Collection, Iterator
from typing import Final

from agent.manifests.defaults import DEFAULT_NAMESPACE
from agent.manifests.explain import nearest
from agent.manifests.kinds import CLUSTER_SCOPED
from agent.manifests.parsed import ParsedObject, Reference
from agent.manifests.together.index import Index
from agent.model.objects.config import ConfigMap, Secret
from agent.model.objects.meta import ObjectKey
from agent.model.objects.priority import SYSTEM_CLASSES
from agent.model.problem import Problem

_HINTS: Final = {
    "Namespace": "declare the Namespace; only `default` is there by itself",
    "ConfigMap": "declare it in the same namespace, or mark the reference `optional: true`",
    "Secret": "declare it in the same namespace, or mark the reference `optional: true`",
    "RuntimeClass": "declare it: it names one of the runtimes in the hosts' containerd configuration",
    "PersistentVolumeClaim": "declare it in the same namespace",
    "StorageClass": "declare it, or a PersistentVolume with the same storageClassName",
    "PriorityClass": "declare it; only system-node-critical and system-cluster-critical are there by themselves",
    "Deployment": "an autoscaler and its target are in the same namespace",
    "ReplicaSet": "an autoscaler and its target are in the same namespace",
    "StatefulSet": "an autoscaler and its target are in the same namespace",
}


def check_missing(index: Index, *, absent: bool) -> Iterator[Problem]:
    """Yield references to keys that an object does not have and, with ``absent``, to objects that are not there."""
    for entry in index.objects:
        told: set[ObjectKey] = set()
        for reference in entry.references:
            namespace = "" if reference.kind in CLUSTER_SCOPED else entry.key.namespace
            target = ObjectKey(kind=reference.kind, namespace=namespace, name=reference.name)
            there = index.by_key.get(target)
            if there is None:
                if absent and target not in told and not _implicit(target, index):
                    told.add(target)
                    yield _absent(entry, reference, target, index)
            elif reference.key:
                yield from _without_key(entry, reference, there[0])


def _implicit(target: ObjectKey, index: Index) -> bool:
    """Tell whether something needs no object: what Kubernetes has by itself, a class that volumes are declared with."""
    if target.kind == "StorageClass":
        return target.name in index.volume_classes
    if target.kind == "PriorityClass":
        return target.name in SYSTEM_CLASSES
    return target.kind == "Namespace" and target.name == DEFAULT_NAMESPACE


def _absent(entry: ParsedObject, reference: Reference, target: ObjectKey, index: Index) -> Problem:
    near = nearest(target.name, index.names(target.kind, target.namespace))
    hint = reference.hint or _HINTS.get(target.kind, "")
    return _problem(entry, reference, f"{target} is not there{near}", hint)


def _without_key(entry: ParsedObject, reference: Reference, target: ParsedObject) -> Iterator[Problem]:
    keys = _keys(target)
    if keys is not None and reference.key not in keys:
        near = nearest(reference.key, sorted(keys))
        hint = f"it is declared at {target.location}"
        yield _problem(entry, reference, f"{target.key} has no key `{reference.key}`{near}", hint)


def _keys(target: ParsedObject) -> Collection[str] | None:
    """Return the keys of a ConfigMap or Secret; None when it could not be read."""
    match target.declared.body if target.declared else None:
        case ConfigMap(data=data, binary_data=binary):
            return {*data, *binary}
        case Secret(data=data, string_data=text):
            return {*data, *text}
    return None


def _problem(entry: ParsedObject, reference: Reference, message: str, hint: str) -> Problem:
    return Problem(
        location=reference.location,
        rule="missing-reference",
        message=message,
        object=str(entry.key),
        path=reference.path,
        hint=hint,
    )
