"""The hash that names a template: of all that takes new pods to change."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import msgspec

from agent.model.desired import ConfigData
from agent.model.objects.meta import ConfigKey
from agent.model.objects.pod import PodTemplate
from agent.model.objects.runtimeclass import RuntimeClass
from agent.model.plan import FingerprintKey
from agent.planner.fingerprint import fingerprint
from agent.planner.naming import safe_hash
from agent.planner.references import environment

_NOTHING: Final = object()


def template_hash(
    template: PodTemplate,
    config: Mapping[ConfigKey, ConfigData],
    key: FingerprintKey,
    runtime: RuntimeClass | None,
    *more: str,
) -> str:
    """Return the hash over everything that takes new pods to change: the template and its environment's content.

    Content enters as a keyed fingerprint, so that nobody can try Secrets against the label. Fields at their defaults
    do not enter, so that a release of trimtab which learns a new field rolls nothing. A RuntimeClass enters by its
    handler only: what else it says concerns pods that are still to be placed. ``more`` tells templates apart, too.
    """
    read = {entry for container in template.spec.every_container for entry in environment(container)}
    read_values = [
        [reference.kind, reference.name, name, fingerprint(key, data.entries[name])]
        for reference, wanted in sorted(read, key=lambda entry: (entry[0], entry[1] or ""))
        if (data := config.get(reference)) is not None
        for name in (sorted(data.entries) if wanted is None else [wanted])
        if name in data.entries
    ]
    handler = [runtime.handler] if runtime is not None else []
    return safe_hash(msgspec.json.encode([plain(template), read_values, *handler, *more], order="deterministic"))


def plain(value: Any) -> Any:  # noqa: ANN401 -- walks a template of any shape
    """Return a value as plain data, without what was left at its default."""
    if isinstance(value, msgspec.Struct):
        return {
            field.encode_name: plain(said)
            for field in _fields(type(value))
            if (said := getattr(value, field.name)) != _default(field)
        }
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    return value


@cache
def _fields(kind: type[msgspec.Struct]) -> tuple[msgspec.structs.FieldInfo, ...]:
    return msgspec.structs.fields(kind)


def _default(field: msgspec.structs.FieldInfo) -> object:
    if field.default is not msgspec.NODEFAULT:
        return field.default
    return field.default_factory() if field.default_factory is not msgspec.NODEFAULT else _NOTHING
