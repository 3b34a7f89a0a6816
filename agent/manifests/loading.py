"""A revision's files to its fleet, or to all of its problems."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from agent.manifests.admission import with_limits
from agent.manifests.cache import Cache, FileId
from agent.manifests.ignore import Ignore
from agent.manifests.parse import parse_file
from agent.manifests.parsed import ParsedFile, ParsedObject
from agent.manifests.presentable import presentable
from agent.manifests.selection import ignore_files, select
from agent.manifests.together import check_together
from agent.model.objects.fleet import Fleet
from agent.model.origin import Blob, Revision
from agent.model.problem import Problem
from agent.model.value import Value

_BATCH_BYTES: Final = 16 * 1024 * 1024

Read = Callable[[Sequence[Blob]], Mapping[str, bytes]]
"""Returns contents by blob id, as ``Source.read`` does for a revision."""


class Loaded(Value, frozen=True, kw_only=True):
    """What a revision says: a fleet or, when anything at all is wrong, the problems instead.

    ``documents`` counts the objects that files hold, each item of a List by itself; ``files`` the manifest files.
    """

    fleet: Fleet | None
    problems: tuple[Problem, ...] = ()
    documents: int = 0
    files: int = 0


def load(revision: Revision, blobs: Sequence[Blob], read: Read, cache: Cache, *, whole: bool = True) -> Loaded:
    """Return the fleet that a revision declares, or its problems, sorted by place.

    Only files that ``cache`` has not seen are read. With ``whole`` false, the files are but a part of a source, each
    of them a manifest whatever its name: what they refer to may be elsewhere, and so may the hosts.
    """
    ignoring = ignore_files(blobs)
    contents = read(ignoring) if ignoring else {}
    ignore = Ignore({blob.path: contents[blob.id] for blob in ignoring})
    manifests, problems = select(blobs, ignore, any_suffix=not whole)
    files = _parse(manifests, read, cache)
    objects = with_limits([entry for file in files for entry in file.objects])
    problems.extend(problem for file in files for problem in file.problems)
    # A file that is left out for its problems may hold anything.
    complete = len(problems) == sum(len(file.problems) for file in files) and all(file.complete for file in files)
    problems.extend(check_together(objects, whole=whole, complete=complete))
    documents = sum(file.documents for file in files)
    fleet = None if problems else _fleet(revision, objects)
    return Loaded(fleet=fleet, problems=presentable(problems), documents=documents, files=len(files))


def _parse(manifests: Sequence[Blob], read: Read, cache: Cache) -> list[ParsedFile]:
    files: dict[FileId, ParsedFile] = {}
    unknown: list[Blob] = []
    for blob in manifests:
        known = cache.get(blob.path, blob.id)
        if known is None:
            unknown.append(blob)
        else:
            files[blob.path, blob.id] = known
    for batch in _batches(unknown):
        contents = read(batch)
        files |= {(blob.path, blob.id): parse_file(blob.path, contents[blob.id]) for blob in batch}
    cache.keep(files)
    return [files[blob.path, blob.id] for blob in sorted(manifests, key=lambda blob: blob.path)]


def _fleet(revision: Revision, objects: Sequence[ParsedObject]) -> Fleet:
    declared = [entry.declared for entry in objects if entry.declared is not None]
    declared.sort(key=lambda entry: (entry.key.kind, entry.key.namespace, entry.key.name))
    return Fleet(revision=revision, objects={entry.key: entry for entry in declared})


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
