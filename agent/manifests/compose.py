"""YAML text to nodes, with every place kept: one pass over libyaml's events, no recursion, bounded work.

go-yaml, which Kubernetes uses, is a port of libyaml, which PyYAML's C loaders use: what one parses, the other does.
"""

import math
from collections.abc import Iterator
from typing import Any, Final

from yaml import CBaseLoader, YAMLError
from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    MappingStartEvent,
    NodeEvent,
)

from agent.manifests.fault import Fault
from agent.manifests.limits import MAX_DEPTH, MAX_WEIGHT, TEXT_PER_WEIGHT
from agent.manifests.node import Mark, Node
from agent.manifests.scalar import resolve
from agent.manifests.syntax import RENDER_FIRST, place_of, syntax_fault
from agent.manifests.text import Chunk

_MERGE: Final = "<<"
_STRING_TAGS: Final = ("!", "tag:yaml.org,2002:str")
_SCALAR_TAGS: Final[dict[str, tuple[type, ...]]] = {
    "tag:yaml.org,2002:int": (int,),
    "tag:yaml.org,2002:float": (int, float),
    "tag:yaml.org,2002:bool": (bool,),
    "tag:yaml.org,2002:null": (type(None),),
}
_COLLECTION_TAGS: Final = (None, "!", "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq")


class _Frame:
    """A collection that is still open."""

    __slots__ = ("anchor", "key", "merges", "node")

    def __init__(self, node: Node, anchor: str | None) -> None:
        self.node = node
        self.anchor = anchor
        self.key: Node | None = None
        self.merges: list[Node] = []


class Composer:
    """Builds the documents of one chunk. ``faults`` holds what is wrong but does not end the reading."""

    def __init__(self, chunk: Chunk) -> None:
        self.faults: list[Fault] = []
        self._chunk = chunk
        self._stack: list[_Frame] = []
        self._anchors: dict[str, Node] = {}
        self._open_anchors: set[str] = set()

    def documents(self) -> Iterator[Node]:
        """Yield the root of each document that has a value. Raises Fault for what ends the reading."""
        root: Node | None = None
        for event in self._events():
            if isinstance(event, DocumentStartEvent):
                self._anchors, root = {}, None
            elif isinstance(event, DocumentEndEvent):
                if root is not None and root.data is not None:
                    yield root
            elif isinstance(event, NodeEvent):
                if isinstance(event, CollectionStartEvent):
                    self._enter(event)
                    continue
                node = self._alias(event) if isinstance(event, AliasEvent) else self._scalar(event)
                root = self._attach(node)
            elif isinstance(event, CollectionEndEvent):
                root = self._attach(self._leave())

    def _events(self) -> Iterator[Any]:
        try:
            parser = CBaseLoader(self._chunk.text.encode())
            while parser.check_event():
                yield parser.get_event()
        except YAMLError as error:
            raise syntax_fault(self._chunk, error) from None

    def _mark(self, mark: Any) -> Mark:  # noqa: ANN401 - PyYAML's C marks have no public type
        return place_of(self._chunk, mark)

    def _scalar(self, event: Any) -> Node:  # noqa: ANN401 - an event's type is known by isinstance only
        mark, text = self._mark(event.start_mark), event.value
        weight = 1 + len(text) // TEXT_PER_WEIGHT
        if event.tag in _STRING_TAGS or (event.tag is None and not event.implicit[0]):
            data: Any = text
        elif event.tag is None:
            data = resolve(text)
        else:
            data = resolve(text)
            if type(data) not in _SCALAR_TAGS.get(event.tag, ()):
                self._refuse_tag(mark)
                data = text
        if isinstance(data, float) and not math.isfinite(data):
            message = "infinity and NaN cannot be part of a manifest"
            self.faults.append(Fault(mark, "yaml-syntax", message, hint="quote it if a text is meant"))
            data = text
        unlike_itself = not isinstance(data, str) or (text == _MERGE and event.implicit[0])
        node = Node(data, mark, weight=weight, written=text if unlike_itself else None)
        if event.anchor:
            self._anchors[event.anchor] = node
        return node

    def _alias(self, event: Any) -> Node:  # noqa: ANN401 - an event's type is known by isinstance only
        mark = self._mark(event.start_mark)
        if event.anchor in self._open_anchors:
            raise Fault(mark, "yaml-syntax", "this alias stands inside its own anchor")
        if event.anchor not in self._anchors:
            hint = "quote the text if it shall begin with `*`"
            raise Fault(mark, "yaml-syntax", "this alias names no anchor that stands before it", hint=hint)
        return self._anchors[event.anchor]

    def _enter(self, event: Any) -> None:  # noqa: ANN401 - an event's type is known by isinstance only
        mark = self._mark(event.start_mark)
        if len(self._stack) >= MAX_DEPTH:
            raise Fault(mark, "too-deep", f"mappings and lists nest deeper than {MAX_DEPTH} levels")
        if event.tag not in _COLLECTION_TAGS:
            self._refuse_tag(mark)
        mapping = isinstance(event, MappingStartEvent)
        node = Node({} if mapping else [], mark)
        node.children = {} if mapping else []
        self._stack.append(_Frame(node, event.anchor))
        if event.anchor:
            self._open_anchors.add(event.anchor)

    def _leave(self) -> Node:
        frame = self._stack.pop()
        for source in frame.merges:
            _merge(frame.node, source)
        if frame.anchor:
            self._open_anchors.discard(frame.anchor)
            self._anchors[frame.anchor] = frame.node
        return frame.node

    def _attach(self, node: Node) -> Node:
        """Put a finished value into the collection that is open, and return it: the last one is the root."""
        if not self._stack:
            return node
        frame = self._stack[-1]
        parent = frame.node
        parent.weight += node.weight
        if parent.weight > MAX_WEIGHT:
            hint = "split it, and write values out instead of repeating aliases"
            raise Fault(node.mark, "too-large", f"the document holds more than {MAX_WEIGHT} values", hint=hint)
        if isinstance(parent.children, list):
            parent.children.append(node)
            parent.data.append(node.data)
        elif frame.key is None:
            frame.key = node
        else:
            key, frame.key = frame.key, None
            self._put(frame, key, node)
        return node

    def _put(self, frame: _Frame, key: Node, value: Node) -> None:
        parent = frame.node
        if key.data == _MERGE and key.written is not None:
            self._put_merge(frame, key, value)
            return
        text = self._key_text(key)
        if text is None or not isinstance(parent.children, dict):
            return
        if text in parent.children:
            message = f"key `{text}` is written twice in one mapping"
            self.faults.append(Fault(key.mark, "duplicate-key", message, related=(parent.keys[text],)))
            return
        parent.children[text] = value
        parent.keys[text] = key.mark
        parent.data[text] = value.data

    def _key_text(self, key: Node) -> str | None:
        if isinstance(key.data, str):
            return key.data
        if key.children is not None:
            hint = RENDER_FIRST if isinstance(key.children, dict) else ""
            self.faults.append(Fault(key.mark, "bad-key", "a mapping or list cannot be a key", hint=hint))
            return None
        means = "null" if key.data is None else str(key.data).lower()
        if key.written == means and key.data is not None:
            return means
        message = f"key `{key.written}` means `{means}` in the YAML that Kubernetes reads"
        self.faults.append(Fault(key.mark, "bad-key", message, hint=f'quote it: "{key.written}"'))
        return None

    def _put_merge(self, frame: _Frame, key: Node, value: Node) -> None:
        sources = value.children if isinstance(value.children, list) else [value]
        if not all(isinstance(source.children, dict) for source in sources):
            self.faults.append(Fault(key.mark, "bad-key", "`<<` takes a mapping, or a list of mappings"))
            return
        if any(name in frame.node.data for source in sources for name in source.data):
            # YAML lets the written key win, go-yaml the merged one: only `<<` first means the same to both.
            message = "`<<` brings in a key that is written before it"
            self.faults.append(Fault(key.mark, "bad-key", message, hint="write `<<` as the first key of the mapping"))
        frame.merges.extend(sources)

    def _refuse_tag(self, mark: Mark) -> None:
        hint = "remove it, or quote the text if it shall begin with `!`"
        self.faults.append(Fault(mark, "yaml-syntax", "this YAML tag does not fit a manifest's value", hint=hint))


def _merge(target: Node, source: Node) -> None:
    """Add the keys of ``source`` that ``target`` does not have."""
    if isinstance(target.children, dict) and isinstance(source.children, dict):
        for key, value in source.children.items():
            if key not in target.children:
                target.children[key] = value
                target.keys[key] = source.keys[key]
                target.data[key] = value.data
