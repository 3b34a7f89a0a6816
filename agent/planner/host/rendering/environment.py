"""The environment of a container, as a kubelet puts it together; what comes from a Secret stays ``Sensitive``."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from agent.model.desired import ConfigData, DesiredPod
from agent.model.objects.meta import ConfigKey
from agent.model.objects.pod import Container, EnvFromSource, EnvVarSource, KeyRef
from agent.model.value import Sensitive, Text, Value, reveal
from agent.planner.host.rendering.fields import pod_field, resource_field
from agent.planner.host.rendering.machine import Machine
from agent.planner.host.rendering.refusal import Refusal

_REFERENCE: Final = re.compile(r"\$(?:(\$)|\(([^)]*)\))")
_VARIABLE_NAME: Final = re.compile(r"[ -<>-~]+")
"""Kubernetes: printable ASCII without ``=`` (since RelaxedEnvironmentVariableValidation)."""


class Environment(Value, frozen=True, kw_only=True):
    """Variables by name; ``sources`` names the ConfigMap or Secret entry that a variable's value was taken from."""

    values: Mapping[str, Text]
    sources: Mapping[str, tuple[ConfigKey, str]]


def environment(container: Container, desired: DesiredPod, uid: str, on: Machine) -> Environment:
    """Return what a container will find: ``envFrom`` in order, then ``env``. Raises Refusal.

    NUL stands only in the marks for addresses: whatever else holds one is refused before they are put in.
    """
    values: dict[str, Text] = {}
    sources: dict[str, tuple[ConfigKey, str]] = {}
    for source in container.env_from:
        for name, entry, text in _whole(source, desired):
            values[name] = _checked(name, text, container)
            sources[name] = entry
    for variable in container.env:
        if (ref := _key_ref(variable.value_from)) is not None:
            found = _entry(ref[0], ref[1], desired, f"env {variable.name}")
            # Where it is optional and not there, what envFrom brought under the name stays.
            if found is not None:
                values[variable.name] = _checked(variable.name, found, container)
                sources[variable.name] = (ref[0], ref[1].key)
            continue
        sources.pop(variable.name, None)
        if variable.value_from is None:
            _checked(variable.name, variable.value, container)
            values[variable.name] = expand(variable.value, values)
        else:
            values[variable.name] = _own(variable.value_from, container, desired, uid, on)
    for name, text in values.items():
        if isinstance(text, Sensitive) and "," in name:
            raise Refusal(
                f"env {name} of container {container.name} comes from a Secret: its name must not have a comma"
            )
    return Environment(values=values, sources=sources)


def _own(source: EnvVarSource, container: Container, desired: DesiredPod, uid: str, on: Machine) -> str:
    if source.field_ref is not None:
        return pod_field(source.field_ref.field_path, desired, uid, on)
    if source.resource_field_ref is not None:
        return resource_field(source.resource_field_ref, container, desired.spec, on)
    return ""


def _checked(name: str, text: Text, container: Container) -> Text:
    if "\0" in reveal(text):
        raise Refusal(f"env {name} of container {container.name} holds a NUL byte, which no process can be given")
    return text


def expand(text: str, values: Mapping[str, Text]) -> Text:
    """Replace ``$(NAME)``; ``$$`` is a dollar sign, an unknown name stays as it is written."""
    if "$" not in text:
        return text
    used = [name for _, name in _REFERENCE.findall(text) if name in values]

    def replacement(match: re.Match[str]) -> str:
        if match[1]:
            return "$"
        return reveal(values[match[2]]) if match[2] in values else match[0]

    expanded = _REFERENCE.sub(replacement, text)
    return Sensitive(expanded) if any(isinstance(values[name], Sensitive) for name in used) else expanded


def _whole(source: EnvFromSource, desired: DesiredPod) -> Iterator[tuple[str, tuple[ConfigKey, str], Text]]:
    kind, ref = ("ConfigMap", source.config_map_ref) if source.config_map_ref else ("Secret", source.secret_ref)
    if ref is None:
        return
    key = ConfigKey(kind=kind, name=ref.name)
    data = desired.config.get(key)
    if data is None:
        if ref.optional:
            return
        raise Refusal(f"envFrom: {kind} {ref.name} is not there")
    for entry in sorted(data.entries):
        name = source.prefix + entry
        text = _text(data, entry)
        if text is not None and _VARIABLE_NAME.fullmatch(name):
            yield name, (key, entry), text


def _key_ref(source: EnvVarSource | None) -> tuple[ConfigKey, KeyRef] | None:
    if source is None:
        return None
    if source.config_map_key_ref is not None:
        return ConfigKey(kind="ConfigMap", name=source.config_map_key_ref.name), source.config_map_key_ref
    if source.secret_key_ref is not None:
        return ConfigKey(kind="Secret", name=source.secret_key_ref.name), source.secret_key_ref
    return None


def _entry(key: ConfigKey, ref: KeyRef, desired: DesiredPod, place: str) -> Text | None:
    data = desired.config.get(key)
    if data is None or ref.key not in data.entries:
        if ref.optional:
            return None
        raise Refusal(f"{place}: {key.kind} {key.name} has no key {ref.key}")
    text = _text(data, ref.key)
    if text is None:
        raise Refusal(f"{place}: key {ref.key} of {key.kind} {key.name} is not UTF-8 text; mount it as a file instead")
    return text


def _text(data: ConfigData, entry: str) -> Text | None:
    try:
        text = data.entries[entry].decode()
    except UnicodeDecodeError:
        return None
    return Sensitive(text) if data.sensitive else text
