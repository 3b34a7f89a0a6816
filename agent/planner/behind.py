"""Which entry of a ConfigMap or Secret stands behind a value that a container was given."""

import re
from typing import Final

from agent.model.objects.config import ConfigMap, Secret
from agent.model.objects.fleet import Fleet
from agent.model.objects.meta import ObjectKey
from agent.model.objects.pod import Container, EnvFromSource
from agent.model.value import Value
from agent.planner.template import Workload, pod_spec

_VARIABLE: Final = re.compile(r".*\.(?:containers|initContainers)\[([^]]+)\]\.env\[(.+)\]")


class Entry(Value, frozen=True, kw_only=True):
    """One key of a ConfigMap or Secret."""

    object: ObjectKey
    key: str


def entry_behind(fleet: Fleet, owner: ObjectKey, path: str) -> Entry | None:
    """Return where a variable (``spec.containers[web].env[NAME]``) of an object's pods is read from.

    None for one that the manifest itself spells out, and for any other field.
    """
    declared, match = fleet.objects.get(owner), _VARIABLE.fullmatch(path)
    if declared is None or match is None or not isinstance(declared.body, Workload):
        return None
    spec = pod_spec(declared.body)
    container = next((one for one in spec.every_container if one.name == match[1]), None)
    return None if container is None else _entry(fleet, owner.namespace, container, match[2])


def _entry(fleet: Fleet, namespace: str, container: Container, variable: str) -> Entry | None:
    written = [one for one in container.env if one.name == variable]
    if written:
        origin = written[-1].value_from
        if origin is not None and (ref := origin.config_map_key_ref) is not None:
            return Entry(object=ObjectKey(kind="ConfigMap", namespace=namespace, name=ref.name), key=ref.key)
        if origin is not None and (ref := origin.secret_key_ref) is not None:
            return Entry(object=ObjectKey(kind="Secret", namespace=namespace, name=ref.name), key=ref.key)
        return None
    # Of several that have the key, the last one counts.
    found = (_whole(fleet, namespace, source, variable) for source in reversed(container.env_from))
    return next((entry for entry in found if entry is not None), None)


def _whole(fleet: Fleet, namespace: str, source: EnvFromSource, variable: str) -> Entry | None:
    kind, ref = ("ConfigMap", source.config_map_ref) if source.config_map_ref else ("Secret", source.secret_ref)
    if ref is None or not variable.startswith(source.prefix):
        return None
    named, key = ObjectKey(kind=kind, namespace=namespace, name=ref.name), variable.removeprefix(source.prefix)
    declared = fleet.objects.get(named)
    if declared is None:
        return None
    match declared.body:
        case ConfigMap(data=data):
            held = key in data
        case Secret(data=data, string_data=plain):
            held = key in data or key in plain
        case _:
            held = False
    return Entry(object=named, key=key) if held else None
