from collections.abc import Mapping
from typing import Final

from agent.cli.render.get.columns import NAME, Column, body
from agent.model.objects.config import ConfigMap, Secret
from agent.model.objects.runtimeclass import RuntimeClass

COLUMNS: Final[Mapping[str, tuple[Column, ...]]] = {
    "ConfigMap": (
        NAME,
        Column(title="DATA", cell=body(ConfigMap, lambda one: str(len({*one.data, *one.binary_data})))),
    ),
    "Secret": (
        NAME,
        Column(title="TYPE", cell=body(Secret, lambda one: one.type)),
        Column(title="DATA", cell=body(Secret, lambda one: str(len({*one.data, *one.string_data})))),
    ),
    "Namespace": (NAME, Column(title="STATUS", cell=lambda _entry, _now: "Active")),
    "RuntimeClass": (NAME, Column(title="HANDLER", cell=body(RuntimeClass, lambda one: one.handler))),
}
