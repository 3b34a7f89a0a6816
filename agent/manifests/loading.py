"""A revision's files to its fleet, or to all of its problems."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from agent.manifests.cache import Cache
from agent.manifests.parse import parse_file
from agent.manifests.parsed import ParsedFile
from agent.model.objects.fleet import Fleet
from agent.model.origin import Blob, Revision
from agent.model.problem import Problem
from agent.model.value import Value

SUFFIXES: Final = (".yaml", ".yml", ".json")
_BATCH_BYTES: Final = 16 * 1024 * 1024

Read = Callable[[Sequence[Blob]], Mapping[str, bytes]]


class Loaded(Value, frozen=True, kw_only=True):
    """What a revision says: a fleet, or, when anything at all is wrong, the problems instead."""

    fleet: Fleet | None
    problems: tuple[Problem, ...] = ()
    documents: int = 0
    files: int = 0


def load(revision: Revision, blobs: Sequence[Blob], read: Read, cache: Cache) -> Loaded:
    """Return the fleet that a revision declares, or its problems, sorted by place."""
    manifests = [blob for blob in blobs if blob.path.endswith(SUFFIXES)]
    files = {(blob.path, blob.id): cache.get(blob.path, blob.id) for blob in manifests}
    for batch in _batches([blob for blob in manifests if files[blob.path, blob.id] is None]):
        contents = read(batch)
        for blob in batch:
            files[blob.path, blob.id] = parse_file(blob.path, contents[blob.id])
    parsed = {file: known for file, known in files.items() if known is not None}
    cache.keep(parsed)
    return _together(revision, parsed)


def _together(revision: Revision, parsed: Mapping[tuple[str, str], ParsedFile]) -> Loaded:
    problems = sorted(problem for file in parsed.values() for problem in file.problems)
    documents = sum(file.documents for file in parsed.values())
    if problems:
        return Loaded(fleet=None, problems=tuple(problems), documents=documents, files=len(parsed))
    declared = [entry.declared for file in parsed.values() for entry in file.objects if entry.declared]
    declared.sort(key=lambda entry: (entry.key.kind, entry.key.namespace, entry.key.name))
    fleet = Fleet(revision=revision, objects={entry.key: entry for entry in declared})
    return Loaded(fleet=fleet, documents=documents, files=len(parsed))


def _batches(blobs: Sequence[Blob]) -> Iterator[list[Blob]]:
    """Yield files to read at once, so that memory holds no more than a batch's contents."""
    batch: list[Blob] = []
    size = 0
    for blob in blobs:
        if batch and size + blob.size > _BATCH_BYTES:
            yield batch
            batch, size = [], 0
        batch.append(blob)
        size += blob.size
    if batch:
        yield batch
