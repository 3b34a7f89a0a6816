"""Two documents for one object."""

from collections.abc import Iterator

from agent.manifests.together.index import Index
from agent.model.problem import Problem


def check_duplicates(index: Index) -> Iterator[Problem]:
    """Yield each object that an earlier document declares already."""
    for key, entries in index.by_key.items():
        first = entries[0]
        for entry in entries[1:]:
            yield Problem(
                location=entry.location,
                rule="duplicate-object",
                message=f"{key} is declared twice, first at {first.location}",
                object=str(key),
                path="metadata.name",
                hint="remove one, or give it another name",
                related=(first.location,),
            )
