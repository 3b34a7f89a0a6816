import re
from typing import Final

from agent.ports import Blame
from agent.source.command import Git, GitFailed
from agent.source.text import printable

_NOWHERE: Final = re.compile(r"no such path|has only \d+ line|no such ref|bad revision 'HEAD'|bad object|bad revision")
_UNCOMMITTED: Final = re.compile(r"0{40,64}")


def blame_line(git: Git, revision: str | None, path: str, line: int) -> Blame | None:
    """Return the commit that last touched a line, of a revision or (None) of the folder as it lies there.

    None for a line that is not committed or does not exist, and where a shallow history ends: the commit at its end
    only looks as if it had written everything. Raises GitFailed.
    """
    of = (revision,) if revision else ()
    try:
        # Without textconv: a filter that the repository names would run.
        printed = git.run("blame", "--porcelain", "--no-textconv", f"-L{line},{line}", *of, "--", path)
    except GitFailed as failed:
        if _NOWHERE.search(failed.said):
            return None
        raise
    first, *rest = printed.decode("utf-8", "replace").split("\n")
    commit = first.split(" ", 1)[0]
    headers = dict(header.partition(" ")[::2] for header in rest if not header.startswith("\t"))
    if _UNCOMMITTED.fullmatch(commit) or ("boundary" in headers and _has_parents(git, commit)):
        return None
    return Blame(
        revision=commit,
        author=printable(headers.get("author", "")),
        at=float(headers.get("committer-time", "0")),
        subject=printable(headers.get("summary", "")),
    )


def _has_parents(git: Git, commit: str) -> bool:
    headers, _, _ = git.run("cat-file", "commit", commit).partition(b"\n\n")
    return b"\nparent " in headers
