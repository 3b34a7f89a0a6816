"""The objects of a file, Lists opened, and the kind of each."""

from collections.abc import Iterator
from typing import Final

from agent.manifests.compose import Composer
from agent.manifests.explain import nearest, shorten
from agent.manifests.fault import Fault
from agent.manifests.finding import Finding
from agent.manifests.kinds import API_VERSIONS, KINDS
from agent.manifests.node import Node
from agent.manifests.schema import UNSUPPORTED_KINDS
from agent.manifests.text import split

_LIST_FIELDS: Final = ("apiVersion", "kind", "metadata", "items")
_NOT_A_MANIFEST: Final = "list the file in .trimtabignore if it is not a manifest"


def read_nodes(content: bytes) -> tuple[list[Node], list[Fault]]:
    """Return a file's objects, those of Lists one by one, and what kept others from being read."""
    nodes: list[Node] = []
    faults: list[Fault] = []
    try:
        chunks = split(content)
    except Fault as fault:
        return nodes, [fault]
    for chunk in chunks:
        composer = Composer(chunk)
        try:
            for root in composer.documents():
                nodes.extend(_open(root, faults))
        except Fault as fault:
            faults.append(fault)
        faults.extend(composer.faults)
    return nodes, faults


def _open(root: Node, faults: list[Fault]) -> Iterator[Node]:
    """Yield a document's objects: itself, or the items of a ``kind: List``."""
    if not isinstance(root.data, dict) or root.data.get("kind") != "List":
        yield root
        return
    items = root.child("items")
    unknown = [name for name in root.data if name not in _LIST_FIELDS]
    faults.extend(
        Fault(root.key_mark((name,)), "unknown-field", f"unknown field `{name}` in a List") for name in unknown
    )
    if root.data.get("apiVersion") != "v1":
        faults.append(Fault(root.value_mark(("apiVersion",)), "wrong-api-version", "kind `List` is `v1`"))
    if items is None or not isinstance(items.children, list):
        faults.append(Fault(root.key_mark(("items",)), "missing-field", "a List needs `items`, a list of objects"))
        return
    for item in items.children:
        yield from _open(item, faults)


def kind_of(node: Node) -> str | Finding:
    """Return an object's kind, one of ``KINDS``, or why it has none."""
    if not isinstance(node.data, dict):
        message = "a manifest is a mapping with `apiVersion`, `kind` and `metadata`"
        return Finding((), "not-a-manifest", message, _NOT_A_MANIFEST)
    kind = node.data.get("kind")
    if not isinstance(kind, str) or not kind:
        return Finding(("kind",), "missing-field", "field `kind` is missing", _NOT_A_MANIFEST)
    return _unknown(kind) or wrong_version(node, kind) or kind


def wrong_version(node: Node, kind: str) -> Finding | None:
    """Return what is wrong with an object's ``apiVersion``, if anything."""
    version, expected = node.data.get("apiVersion"), API_VERSIONS[kind]
    if version is None:
        hint = f"write apiVersion: {expected}"
        return Finding(("apiVersion",), "missing-field", "field `apiVersion` is missing", hint)
    if version != expected:
        message = f"kind `{kind}` is `{expected}`, not `{shorten(str(version))}`"
        return Finding(("apiVersion",), "wrong-api-version", message)
    return None


def _unknown(kind: str) -> Finding | None:
    if kind in KINDS:
        return None
    if kind == "Agent":
        message = "an Agent configuration is not part of a source"
        return Finding(("kind",), "unknown-kind", message, "keep it on the agent's machine: /etc/trimtab/agent.yaml")
    if kind in UNSUPPORTED_KINDS:
        return Finding(("kind",), "unsupported-kind", f"kind `{kind}` is {UNSUPPORTED_KINDS[kind]}")
    near = nearest(kind, [*KINDS, *UNSUPPORTED_KINDS])
    hint = "" if near else f"kinds are: {', '.join(KINDS)}"
    return Finding(("kind",), "unknown-kind", f"unknown kind `{shorten(kind)}`{near}", hint)
