"""Pods by themselves that are called like those of a StatefulSet."""

import re
from collections.abc import Iterator
from typing import Final

from agent.manifests.together.index import Index
from agent.manifests.together.problem import problem
from agent.model.objects.meta import ObjectKey
from agent.model.problem import Problem

_ORDINAL: Final = re.compile(r"(?P<set>.+)-(0|[1-9][0-9]*)")


def check_pod_names(index: Index) -> Iterator[Problem]:
    """Yield Pods whose names a StatefulSet gives to its own: there is one pod of a name."""
    for entry in index.objects:
        named = _ORDINAL.fullmatch(entry.key.name) if entry.key.kind == "Pod" else None
        if named is None:
            continue
        owner = ObjectKey(kind="StatefulSet", namespace=entry.key.namespace, name=named["set"])
        for found in index.by_key.get(owner, ())[:1]:
            message = f"pods of {owner} are called so"
            yield problem(entry, "duplicate", message, path="metadata.name", hint="take another name", other=found)
