"""Which files of a revision are manifests, and which of those may be read."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from agent.manifests.ignore import IGNORE_FILE, Ignore
from agent.manifests.limits import MAX_FILE_BYTES, MAX_FILES, MAX_TOTAL_BYTES
from agent.manifests.presentable import WHOLE_SOURCE
from agent.manifests.text import too_large
from agent.model.origin import Blob, Location
from agent.model.problem import Problem

SUFFIXES: Final = (".yaml", ".yml", ".json")


class Selection(NamedTuple):
    """Files to read, and what is wrong with others."""

    manifests: list[Blob]
    problems: list[Problem]


def ignore_files(blobs: Sequence[Blob]) -> list[Blob]:
    """Return the ignore files among a revision's files."""
    return [blob for blob in blobs if blob.path.rpartition("/")[2] == IGNORE_FILE and not blob.symlink]


def select(blobs: Sequence[Blob], ignore: Ignore, *, any_suffix: bool = False) -> Selection:
    """Return the manifests of a revision, bounded in number and size."""
    manifests: list[Blob] = []
    problems = list(ignore.problems)
    for blob in blobs:
        named_so = any_suffix or blob.symlink or blob.path.endswith(SUFFIXES)
        if not named_so or ignore.ignores(blob.path):
            continue
        if blob.symlink:
            problems.append(_symlink(blob.path))
        elif blob.size > MAX_FILE_BYTES:
            fault = too_large(blob.size)
            problems.append(_problem(blob.path, fault.rule, fault.message, fault.hint))
        else:
            manifests.append(blob)
    total = sum(blob.size for blob in manifests)
    if len(manifests) > MAX_FILES or total > MAX_TOTAL_BYTES:
        message = f"{len(manifests)} manifests of {total} bytes: the limits are {MAX_FILES} and {MAX_TOTAL_BYTES}"
        hint = "narrow the source's path, or list what is no manifest in .trimtabignore"
        return Selection([], [*problems, _problem(WHOLE_SOURCE, "too-large", message, hint)])
    return Selection(manifests, problems)


def _symlink(path: str) -> Problem:
    # Even a link that stays inside would let one document be read under two names, or a folder be read twice.
    message = "symbolic links are not followed, wherever they lead"
    return _problem(path, "symlink", message, "put the file itself here, or list the link in .trimtabignore")


def _problem(path: str, rule: str, message: str, hint: str) -> Problem:
    return Problem(location=Location(file=path), rule=rule, message=message, hint=hint)
