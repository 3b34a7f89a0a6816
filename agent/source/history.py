"""Which commits changed which files, as far back as history reaches here."""

import re
from collections.abc import Iterator
from typing import Final

from agent.model.origin import Blob, Revision
from agent.model.value import Value
from agent.ports import Permanent
from agent.source.command import Git, GitFailed
from agent.source.faults import explained
from agent.source.text import printable

_AT_MOST: Final = 64 * 1024 * 1024
_ENTRY: Final = re.compile(rb":\d{6} (?P<mode>\d{6}) (?P<old>[0-9a-f]{40,64}) (?P<new>[0-9a-f]{40,64}) [A-Z]\d*")
_NOTHING: Final = re.compile(r"0+")
_SYMLINK: Final = b"120000"
_LOGGED: Final = (
    "--first-parent",
    "--diff-merges=first-parent",
    "--raw",
    "-z",
    "--no-abbrev",
    "--no-renames",
    "--root",
    "--no-show-signature",
    "--encoding=UTF-8",
    "--format=%H%x00%an%x00%ct%x00%s",
)


class Changed(Value, frozen=True, kw_only=True):
    """A file that a commit changed: its content before and after, None where it was not there."""

    path: str
    before: Blob | None
    after: Blob | None


class Commit(Value, frozen=True, kw_only=True):
    """A commit of the followed line, and the files that it changed there."""

    revision: Revision
    changed: tuple[Changed, ...]


def commits(git: Git, revision: Revision, path: str) -> tuple[Commit, ...]:
    """Return the commits up to a revision that changed files below a path, newest first. Raises PortError.

    What a merge brought in counts as changed by the merge, for that is when it came into force.
    """
    below = () if path == "." else (f"{path}/",)
    try:
        printed = git.run_bounded("log", *_LOGGED, revision.id, "--", *below, at_most=_AT_MOST)
    except GitFailed as failed:
        raise explained(failed, "read the history of", str(git.folder)) from failed
    if printed is None:
        raise Permanent("the history is longer than trimtab reads", hint="name a smaller folder in spec.source.path")
    return tuple(_parsed(printed.split(b"\0")))


def is_shallow(git: Git) -> bool:
    """Tell whether older commits exist that are not here. Raises GitFailed."""
    return git.run("rev-parse", "--is-shallow-repository").strip() == b"true"


def _parsed(words: list[bytes]) -> Iterator[Commit]:
    """Yield commits: each is four words, then two for each file. A line break or an empty word may stand between."""
    at = 0
    while at < len(words):
        id_ = words[at].strip(b"\n")
        if not id_:
            at += 1
            continue
        author, when, subject = words[at + 1 : at + 4]
        at += 4
        changed: list[Changed] = []
        while at < len(words) and words[at].lstrip(b"\n").startswith(b":"):
            changed.append(_changed(words[at].lstrip(b"\n"), words[at + 1]))
            at += 2
        revision = Revision(id=id_.decode(), author=_text(author), at=float(when), subject=_text(subject))
        yield Commit(revision=revision, changed=tuple(changed))


def _changed(entry: bytes, path: bytes) -> Changed:
    match = _ENTRY.fullmatch(entry)
    if match is None:
        raise Permanent("git lists a change in a form that trimtab does not know")
    name, symlink = path.decode("utf-8", "backslashreplace"), match["mode"] == _SYMLINK
    old, new = (match[part].decode() for part in ("old", "new"))
    return Changed(
        path=name,
        before=None if _NOTHING.fullmatch(old) else Blob(path=name, id=old, size=0, symlink=symlink),
        after=None if _NOTHING.fullmatch(new) else Blob(path=name, id=new, size=0, symlink=symlink),
    )


def _text(raw: bytes) -> str:
    return printable(raw.decode("utf-8", "replace"))
