"""Something wrong in one object, at a path in it: what checks yield before places in the file are looked up."""

from collections.abc import Iterator
from typing import NamedTuple

from agent.manifests.node import Step

Steps = tuple[Step, ...]


class Finding(NamedTuple):
    """A fault at a path. ``at_key`` points at the key, not at its value; ``also`` is another path it is about."""

    steps: Steps
    rule: str
    message: str
    hint: str = ""
    at_key: bool = False
    also: Steps | None = None


Findings = Iterator[Finding]
