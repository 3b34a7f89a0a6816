"""Making an object of a manifest file say something else, with everything else of the file left as it is."""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from agent.manifests.defaults import DEFAULT_NAMESPACE
from agent.manifests.editing.difference import Differ, Slot, same
from agent.manifests.editing.layout import Written, object_in
from agent.manifests.editing.splice import column, spliced
from agent.manifests.editing.wording import Style, block_lines
from agent.manifests.kinds import CLUSTER_SCOPED
from agent.manifests.node import Node
from agent.manifests.objects import read_nodes
from agent.manifests.text import Chunk, split
from agent.model.objects.meta import ObjectKey
from agent.ports import Permanent

_BOM: Final = "\ufeff"
_SHARED: Final = re.compile(r"(?:^|[\s\[{,])[&*][^\s,\[\]{}]", re.MULTILINE)


def read_object(content: bytes, document: int) -> dict[str, Any]:
    """Return an object of a file as plain data. Raises Permanent where there is none."""
    data: dict[str, Any] = _nodes(content)[document].data
    return data


def objects_in(content: bytes, key: ObjectKey) -> tuple[list[dict[str, Any]], bool]:
    """Return what a file says of an object, as plain data; and whether all of the file can be read."""
    nodes, faults = read_nodes(content)
    return [node.data for node in nodes if _key(node) == key], not faults


def _key(node: Node) -> ObjectKey | None:
    data = node.data if isinstance(node.data, dict) else {}
    kind, metadata = data.get("kind"), data.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    namespace = metadata.get("namespace", DEFAULT_NAMESPACE) if isinstance(metadata, dict) else None
    if not isinstance(kind, str) or not isinstance(name, str) or not isinstance(namespace, str):
        return None
    return ObjectKey(kind=kind, namespace="" if kind in CLUSTER_SCOPED else namespace, name=name)


def as_yaml(data: Mapping[str, Any]) -> list[str]:
    """Return plain data as lines of YAML."""
    return block_lines(dict(data), Style())


def rewrite(content: bytes, document: int, wanted: Mapping[str, Any]) -> bytes:
    """Return a file in which one object says what is wanted; new fields come where ``wanted`` has them.

    Comments, layout and all other objects stay, byte for byte. What comes out is read again: unless it says exactly
    what is wanted, and all other objects what they said before, Permanent is raised.
    """
    nodes = _nodes(content)
    node = nodes[document]
    chunks = split(content)
    text = content.decode()
    start = len(text) - len(text.removeprefix(_BOM))
    if text[start:] != "".join(chunk.text for chunk in chunks):
        raise Permanent(
            "the file holds characters that are escaped in two halves (\\ud83d\\ude00)",
            hint="write them as themselves, or make the change by hand",
        )
    for chunk in chunks:
        if chunk.before < node.mark.line <= chunk.before + chunk.text.count("\n") + 1:
            here, at = chunk, start
        start += len(chunk.text)
    # Where a comment, or the end of the file, would become part of a text of several lines, quotes keep it out.
    for blocks in (True, False):
        edited = text[:at] + _edited(here, node, wanted, blocks=blocks) + text[at + len(here.text) :]
        if _proven(nodes, document, wanted, edited.encode()):
            return edited.encode()
    shared = _SHARED.search(here.text) is not None
    raise Permanent(
        "the change cannot be made without changing something else"
        + (": values are shared by anchors and aliases (&, *, <<)" if shared else ""),
        hint="write the shared value out where it is to change" if shared else "make it by hand, and commit it",
    )


def _edited(chunk: Chunk, node: Node, wanted: Mapping[str, Any], *, blocks: bool) -> str:
    written = object_in(chunk, node)
    if written is None:
        raise Permanent("the object is written as an alias", hint="write it out, or make the change by hand")
    text = chunk.text
    differ = Differ(text, _style(text, written, blocks=blocks))
    slot = Slot(written.start, column(text, written.start), flow=True)
    return spliced(text, differ.value(written, node.data, dict(wanted), slot))


def _style(text: str, written: Written, *, blocks: bool) -> Style:
    """Return how an object is written, as its first nested mapping and its first list show it."""
    steps: list[int] = []
    lists: list[int] = []
    waiting = [written]
    while waiting:
        value = waiting.pop(0)
        for key, child in value.entries:
            if not child.flow and child.kind in ("mapping", "sequence") and not value.flow:
                begin = child.entries[0][0].start if child.entries else child.start
                (steps if child.kind == "mapping" else lists).append(column(text, begin) - column(text, key.start))
        waiting.extend(value.children)
    return Style(
        newline="\r\n" if "\r\n" in text else "\n",
        step=next((step for step in steps if 1 < step < 10), 2),
        indented_lists=not lists or lists[0] > 0,
        json=_is_json(text),
        blocks=blocks,
    )


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _proven(before: list[Node], document: int, wanted: Mapping[str, Any], result: bytes) -> bool:
    """Tell whether a file says what is wanted, and all its other objects what they said before."""
    after, faults = read_nodes(result)
    expected = [wanted if index == document else node.data for index, node in enumerate(before)]
    return not faults and len(after) == len(before) and all(map(same, (node.data for node in after), expected))


def _nodes(content: bytes) -> list[Node]:
    nodes, faults = read_nodes(content)
    if faults:
        raise Permanent(f"the file cannot be read: {faults[0].message}", hint=faults[0].hint)
    return nodes
