"""Entries of a list that must differ."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from agent.manifests.finding import Finding, Findings, Steps

Entry = TypeVar("Entry")


def check_unique(
    entries: Iterable[Entry], at: Steps, key: Callable[[Entry], str | None], what: str, field: str
) -> Findings:
    """Yield each entry whose key an earlier one has; entries with the key None are left alone.

    ``what`` names the entries in the message, ``field`` is the one to point at.
    """
    first: dict[str, int] = {}
    for index, entry in enumerate(entries):
        value = key(entry)
        if value is None:
            continue
        if value in first:
            message = f"{what} `{value}` is there twice"
            yield Finding((*at, index, field), "duplicate", message, also=(*at, first[value], field))
        first.setdefault(value, index)
