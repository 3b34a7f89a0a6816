"""Which lines of a manifest file can be shown around a change: none that may hold what a Secret holds."""

from collections.abc import Iterator

from agent.manifests.editing.layout import object_in
from agent.manifests.node import Node
from agent.manifests.objects import read_nodes
from agent.manifests.text import Chunk, split


def lines_to_show(content: bytes, document: int) -> frozenset[int]:
    """Return the numbers (from 1) of lines that hold nothing of a Secret.

    Of a document that has a Secret in it (a List) only the lines of the object itself count, unless it shares them.
    """
    nodes, _ = read_nodes(content)
    lines: set[int] = set()
    for chunk in split(content):
        first, last = chunk.before + 1, chunk.before + chunk.text.count("\n") + 1
        # A document ends before the line on which the next one begins.
        until = last if chunk.text.endswith("\n") else last + 1
        inside = [node for node in nodes if first <= node.mark.line < max(until, first + 1)]
        if not any(_is_secret(node) for node in inside):
            lines |= set(range(first, until))
        elif nodes[document] in inside and not _is_secret(nodes[document]):
            own = set(_lines_of(chunk, nodes[document]))
            if own.isdisjoint(line for node in inside if _is_secret(node) for line in _lines_of(chunk, node)):
                lines |= own
    return frozenset(lines)


def _is_secret(node: Node) -> bool:
    return isinstance(node.data, dict) and node.data.get("kind") == "Secret"


def _lines_of(chunk: Chunk, node: Node) -> Iterator[int]:
    written = object_in(chunk, node)
    end = written.end if written else len(chunk.text)
    last = chunk.before + chunk.text.count("\n", 0, end) + 1
    yield from range(node.mark.line, last + 1)
