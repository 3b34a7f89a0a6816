import json
from collections.abc import Mapping, Sequence
from io import StringIO
from typing import Any, Final

from ruamel.yaml import YAML

from agent.cli.render.get import Entry
from agent.cli.render.manifest.body import as_written
from agent.cli.render.manifest.host import host_status
from agent.cli.render.manifest.pod import pod_manifest
from agent.cli.render.manifest.status import object_status
from agent.manifests.kinds import API_VERSIONS
from agent.model.objects import Secret

_HIDDEN: Final = "(hidden)"
_UNBROKEN: Final = 1 << 20
"""Columns before a line is folded: never, so that a key or a message can be copied, and found with grep."""


def render_json(entries: Sequence[Entry], *, single: bool) -> str:
    """Return one object, or a List; all but ASCII escaped."""
    return json.dumps(_document(entries, single=single), indent=2)


def render_yaml(entries: Sequence[Entry], *, single: bool) -> str:
    """Return one object, or a List."""
    text = StringIO()
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment] # typed None, made to be set
    yaml.allow_unicode = False
    yaml.width = _UNBROKEN
    yaml.dump(_document(entries, single=single), text)
    return text.getvalue().rstrip("\n")


def _document(entries: Sequence[Entry], *, single: bool) -> Any:  # noqa: ANN401 - JSON
    if single:
        return _sorted(_object(entries[0]))
    return _sorted({"apiVersion": "v1", "kind": "List", "items": [_object(entry) for entry in entries]})


def _sorted(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Put every field where ``kubectl`` has it: by the alphabet."""
    if isinstance(value, Mapping):
        return {name: _sorted(part) for name, part in sorted(value.items())}
    return [_sorted(part) for part in value] if isinstance(value, list | tuple) else value


def _object(entry: Entry) -> dict[str, Any]:
    if entry.pod is not None:
        return pod_manifest(entry.pod)
    status = host_status(entry) if entry.host is not None else object_status(entry.status, entry.body)
    return {**_declared(entry), **({"status": status} if status else {})}


def _declared(entry: Entry) -> dict[str, Any]:
    if entry.body is None:  # what another object made: a job of a CronJob
        kind = entry.status.key.kind if entry.status else ""
        named = {"name": entry.name, "namespace": entry.namespace}
        return {"apiVersion": API_VERSIONS[kind], "kind": kind, "metadata": named}
    if isinstance(entry.body, Secret):
        hidden = dict.fromkeys({*entry.body.data, *entry.body.string_data}, _HIDDEN)
        said = as_written(entry.body, without=("data", "string_data"))
        return {**said, **({"data": hidden} if hidden else {})}
    return as_written(entry.body)
