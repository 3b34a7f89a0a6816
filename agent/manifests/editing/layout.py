"""How a YAML document is written: where each of its values begins and ends in the text, and in which style."""

from collections.abc import Iterator
from typing import Any, Final, Literal

from yaml import CBaseLoader
from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    MappingStartEvent,
    ScalarEvent,
)

from agent.manifests.node import Node
from agent.manifests.text import Chunk

_KEEPING: Final = "+"


class Written:
    """One value as it is written: ``[start, end)`` in the text.

    ``end`` is where its last character is, whatever blank lines and comments follow. ``flow`` tells whether it can
    stand in one line with others: collections in brackets, aliases, and texts that are no ``|`` or ``>`` blocks.
    """

    __slots__ = ("end", "entries", "flow", "items", "kind", "start", "text")

    def __init__(
        self, kind: Literal["scalar", "alias", "mapping", "sequence"], start: int, end: int, *, flow: bool, text: str
    ) -> None:
        self.kind = kind
        self.start = start
        self.end = end
        self.flow = flow
        self.text = text
        """What a scalar says, style undone."""
        self.entries: list[tuple[Written, Written]] = []
        """Keys and values of a mapping, as they follow each other."""
        self.items: list[Written] = []

    @property
    def children(self) -> "Iterator[Written]":
        """The values inside, keys left out."""
        yield from (value for _, value in self.entries)
        yield from self.items

    def entry(self, key: str) -> "tuple[Written, Written] | None":
        """Return the key and the value of an entry that is written out here, not merged in by ``<<``."""
        return next((entry for entry in self.entries if entry[0].kind == "scalar" and entry[0].text == key), None)


def lay_out(text: str) -> list[Written]:
    """Return the roots of a text that is known to be good YAML."""
    roots: list[Written] = []
    stack: list[tuple[Written, list[Written]]] = []
    parser = CBaseLoader(text.encode())
    while parser.check_event():
        event = parser.get_event()
        if isinstance(event, CollectionStartEvent):
            kind: Literal["mapping", "sequence"] = "mapping" if isinstance(event, MappingStartEvent) else "sequence"
            start, end = _span(event)
            stack.append((Written(kind, start, end, flow=bool(event.flow_style), text=""), []))
            continue
        if isinstance(event, CollectionEndEvent):
            done, parts = stack.pop()
            _close(done, parts, _span(event)[1])
        elif isinstance(event, AliasEvent):
            done = Written("alias", *_span(event), flow=True, text="")
        elif isinstance(event, ScalarEvent):
            done = _scalar(text, event)
        else:
            continue
        (stack[-1][1] if stack else roots).append(done)
    return roots


def object_in(chunk: Chunk, node: Node) -> Written | None:
    """Return how an object of a document, or of a List in it, is written; None where it is only an alias."""
    line = node.mark.line - chunk.before
    above = chunk.text.split("\n", line)[: line - 1]
    at = sum(len(each) + 1 for each in above) + node.mark.column - 1
    waiting = lay_out(chunk.text)[::-1]
    while waiting:
        value = waiting.pop()
        if value.kind == "mapping" and value.start == at:
            return value
        waiting.extend(reversed(list(value.children)))
    return None


def _span(event: Any) -> tuple[int, int]:  # noqa: ANN401 - PyYAML's types have marks that may be None; events have theirs
    return event.start_mark.index, event.end_mark.index


def _close(done: Written, parts: list[Written], end: int) -> None:
    if done.kind == "mapping":
        done.entries = list(zip(parts[::2], parts[1::2], strict=True))
    else:
        done.items = parts
    # A collection in block style ends, to libyaml, where the next thing begins.
    done.end = end if done.flow else max((part.end for part in parts), default=done.end)


def _scalar(text: str, event: Any) -> Written:  # noqa: ANN401 - an event's type is known by isinstance only
    start, end = _span(event)
    block = event.style in ("|", ">")
    if block:
        written = text[start:end]
        header = written.split("\n", 1)[0].split("#", 1)[0]
        shown = written.removesuffix("\n").removesuffix("\r") if _KEEPING in header else written.rstrip()
        end = start + len(shown)
    return Written("scalar", start, end, flow=not block, text=event.value)
