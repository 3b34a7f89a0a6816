"""How pods of a workload are named: ``<workload>-<template hash>-<slot>``. Decided, never drawn.

The slot is a number, or for a DaemonSet five letters that stand for the host. Pods of a StatefulSet are named
``<set>-<ordinal>``.
"""

import hashlib
import re
from typing import Final

from agent.model.memory import Memory
from agent.planner.memo import remembered

_ALPHABET: Final = "bcdfghjklmnpqrstvwxz2456789"
"""Kubernetes' own for generated names: no vowels, no look-alikes, so that no word appears."""
_HASH_LENGTH: Final = 10
_LONGEST_STEM: Final = 46
"""With a hash and a slot of five digits a name is a DNS label (63): it is the pod's hostname too."""
_GENERATED: Final = re.compile(rf"(?P<set>.+-[{_ALPHABET}]{{{_HASH_LENGTH}}})-(?P<slot>0|[1-9][0-9]{{0,4}})")
_FOR_HOST: Final = re.compile(rf"(?P<set>.+-[{_ALPHABET}]{{{_HASH_LENGTH}}})-[{_ALPHABET}]{{5}}")
_ORDINAL: Final = re.compile(r"(?P<set>.+)-(?P<slot>0|[1-9][0-9]{0,9})")


def safe_hash(content: bytes, length: int = _HASH_LENGTH) -> str:
    """Return a short name for content, in letters that cannot spell anything."""
    number = int.from_bytes(hashlib.sha256(content).digest(), "big")
    letters = []
    for _ in range(length):
        number, remainder = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[remainder])
    return "".join(letters)


def set_name(workload: str, template_hash: str) -> str:
    """Return what the names of one template's pods begin with. Long names keep their start and get a digest."""
    if len(workload) > _LONGEST_STEM:
        workload = f"{workload[: _LONGEST_STEM - 6].rstrip('-.')}-{safe_hash(workload.encode(), 5)}"
    return f"{workload}-{template_hash}"


def parse_slot(name: str) -> tuple[str, int] | None:
    """Return the set's name and the slot of a generated pod name (with or without namespace); None for other names."""
    match = _GENERATED.fullmatch(name)
    return (match["set"], int(match["slot"])) if match else None


def parse_ordinal(name: str) -> tuple[str, int] | None:
    """Return the StatefulSet and the ordinal that a pod's name would say (with or without namespace)."""
    match = _ORDINAL.fullmatch(name)
    return (match["set"], int(match["slot"])) if match else None


def parse_set(name: str) -> str:
    """Return the set's name of a generated pod name of any sort; empty for other names."""
    match = _GENERATED.fullmatch(name) or _FOR_HOST.fullmatch(name)
    return match["set"] if match else ""


def host_pod_name(set_name: str, host: str) -> str:
    """Return the name of a set's pod for one host."""
    return f"{set_name}-{safe_hash(host.encode(), 5)}"


@remembered
def placed_slots(memory: Memory) -> dict[str, tuple[int, ...]]:
    """Return the slots that have a place in memory, by ``namespace/set``."""
    slots: dict[str, list[int]] = {}
    for name in memory.placements:
        if parsed := parse_slot(name):
            slots.setdefault(parsed[0], []).append(parsed[1])
    return {name: tuple(sorted(found)) for name, found in slots.items()}
