import base64
import binascii
from collections.abc import Iterable

from agent.cli.render.describe.lines import NONE, block, mapped, shown
from agent.cli.render.describe.told import Subject
from agent.model.objects.config import ConfigMap, Secret
from agent.model.objects.runtimeclass import RuntimeClass

_MOST_LINES = 200


def config_map(subject: Subject) -> list[str]:
    """Describe a ConfigMap: its content."""
    body = subject.body
    if not isinstance(body, ConfigMap):
        return []
    lines: list[str] = []
    for key, value in sorted(body.data.items()):
        content = value.splitlines()
        lines += [f"{shown(key)}:", "----", *map(shown, content[:_MOST_LINES])]
        lines += [f"… ({len(content) - _MOST_LINES} lines more)"] if len(content) > _MOST_LINES else []
        lines.append("")
    return ["", "Data", "====", *lines, "BinaryData", "====", *_sizes(body.binary_data.items()), ""]


def secret(subject: Subject) -> list[str]:
    """Describe a Secret: its keys and their sizes, never more."""
    body = subject.body
    if not isinstance(body, Secret):
        return []
    plain = {key: f"{len(value.encode())} bytes" for key, value in body.string_data.items()}
    encoded = dict(_size(key, value) for key, value in body.data.items())
    sizes = sorted({**encoded, **plain}.items())
    return [*block([("Type", body.type)]), "", "Data", "====", *(block(sizes) if sizes else [NONE]), ""]


def runtime_class(subject: Subject) -> list[str]:
    """Describe a RuntimeClass."""
    body = subject.body
    if not isinstance(body, RuntimeClass):
        return []
    overhead = body.overhead.pod_fixed if body.overhead else {}
    return block(
        [
            ("Handler", body.handler),
            ("Overhead", mapped({name: str(value) for name, value in overhead.items()}, between=": ")),
            ("Host-Selectors", mapped(body.scheduling.node_selector) if body.scheduling else []),
        ]
    )


def _sizes(values: Iterable[tuple[str, str]]) -> list[str]:
    return block([_size(key, value) for key, value in sorted(values)])


def _size(key: str, encoded: str) -> tuple[str, str]:
    try:
        return key, f"{len(base64.b64decode(encoded))} bytes"
    except binascii.Error:
        return key, "not base64"
