"""Where in a file a field of an object is written: what a plan's cause points at."""

from agent.manifests.node import Mark, find_steps
from agent.manifests.objects import read_nodes


def locate(content: bytes, document: int, path: str) -> Mark:
    """Return the line and column of a manifest path such as ``spec.template.spec.containers[web].image``.

    List entries are named or numbered, keys may hold dots (``data.app.conf``). Falls back to the nearest existing
    parent, and to the file's beginning where there is no such document.
    """
    nodes, _ = read_nodes(content)
    if not 0 <= document < len(nodes):
        return Mark(1, 1)
    node = nodes[document]
    return node.key_mark(find_steps(node, path))
