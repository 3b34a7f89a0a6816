"""Probes and hooks that differ: each field by itself, as the annotations of containers hold them."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from agent.model.difference import Difference
from agent.planner.host.comparing.words import plain


def hooks(path: str, old: str | None, new: str | None, *, suffix: str = "") -> Iterator[Difference]:
    """Yield the fields in which two annotations differ; ``suffix`` is what the manifest adds to the outermost names."""
    if old == new:
        return
    before, after = _flat(old, suffix), _flat(new, suffix)
    for place in sorted(before.keys() | after.keys()):
        yield from plain(f"{path}.{place}", before.get(place, ""), after.get(place, ""))


def _flat(written: str | None, suffix: str) -> dict[str, str]:
    """Return every value by its path. What a host showed may be anything: what is no JSON object has no fields."""
    try:
        read = msgspec.json.decode(written or "{}")
    except (msgspec.DecodeError, RecursionError):
        return {"": "unreadable"}
    if not isinstance(read, dict):
        return {"": "unreadable"}
    return dict(_leaves({f"{name}{suffix}": value for name, value in read.items()}, ""))


def _leaves(value: Mapping[str, Any], path: str) -> Iterator[tuple[str, str]]:
    for name, inner in value.items():
        if isinstance(inner, dict):
            yield from _leaves(inner, f"{path}{name}.")
        else:
            text = inner if isinstance(inner, str) else msgspec.json.encode(inner).decode()
            yield f"{path}{name}", text
