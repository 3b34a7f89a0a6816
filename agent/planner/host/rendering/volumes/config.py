"""Keys of ConfigMaps and Secrets as files."""

from collections.abc import Mapping
from typing import Final

from agent.model.desired import DesiredPod
from agent.model.objects.meta import ConfigKey
from agent.model.objects.pod import (
    ConfigMapProjection,
    ConfigMapVolume,
    KeyToPath,
    SecretProjection,
    SecretVolume,
)
from agent.planner.host.rendering.refusal import Refusal
from agent.planner.host.rendering.volumes.entries import Entry, file_path

_DEFAULT_MODE: Final = 0o644


def config_files(
    volume: str,
    given: ConfigMapVolume | SecretVolume | ConfigMapProjection | SecretProjection,
    desired: DesiredPod,
    default_mode: int = _DEFAULT_MODE,
) -> dict[str, Entry]:
    """Return the files of a ConfigMap or Secret by path. Raises Refusal for what is not there and not optional."""
    source = _source(given)
    there = _entries(volume, source, desired, optional=given.optional)
    files: dict[str, Entry] = {}
    for item in given.items or tuple(KeyToPath(key=name, path=name) for name in sorted(there)):
        if item.key not in there:
            if given.optional:
                continue
            raise Refusal(f"volume {volume}: {source.kind} {source.name} has no key {item.key}")
        path = file_path(item.path, f"volume {volume}, item {item.key}")
        if path in files:
            raise Refusal(f"volume {volume}: two items have the path {path!r}")
        mode = default_mode if item.mode is None else item.mode
        files[path] = Entry(mode=mode, content=there[item.key], source=source, name=item.key)
    return files


def _source(given: ConfigMapVolume | SecretVolume | ConfigMapProjection | SecretProjection) -> ConfigKey:
    match given:
        case ConfigMapVolume() | ConfigMapProjection():
            return ConfigKey(kind="ConfigMap", name=given.name)
        case SecretVolume():
            return ConfigKey(kind="Secret", name=given.secret_name)
        case SecretProjection():
            return ConfigKey(kind="Secret", name=given.name)


def _entries(volume: str, source: ConfigKey, desired: DesiredPod, *, optional: bool) -> Mapping[str, bytes]:
    data = desired.config.get(source)
    if data is not None:
        return data.entries
    if optional:
        return {}
    raise Refusal(f"volume {volume}: {source.kind} {source.name} is not there")
