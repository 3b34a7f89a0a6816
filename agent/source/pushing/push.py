"""One push of one commit, and what it means when the other side does not take it."""

import re
from typing import Final

from agent.model.duration import parse_duration
from agent.model.objects.agent import SourceSpec
from agent.model.value import Value
from agent.ports import Permanent, PortError
from agent.source.address import parse_address
from agent.source.command import Git, GitFailed
from agent.source.credentials import access
from agent.source.faults import explained, told

_OVERTAKEN: Final = re.compile(
    r"stale info|fetch first|non-fast-forward|cannot lock ref|failed to update ref|but expected|"
    r"reference already exists|remote ref updated since checkout",
    re.IGNORECASE,
)
_UNCOMMITTED: Final = re.compile(r"working directory has (unstaged|staged) changes", re.IGNORECASE)
_DECLINED: Final = re.compile(r"hook declined|protected branch|pre-receive|\[remote rejected\]|GH006", re.IGNORECASE)
_NO_RIGHT: Final = re.compile(
    r"write access|read[- ]only|not allowed to push|permission (to .{0,200} )?denied(?! \()|"
    r"unable to create temporary object|insufficient permission|"
    r"returned error: 403|access denied|not authorized|denied to|service not enabled",
    re.IGNORECASE,
)
# A branch that is checked out in a folder follows along, as long as nothing in that folder would be lost.
_INTO_FOLDER: Final = "--receive-pack=git -c receive.denyCurrentBranch=updateInstead receive-pack"


class Overtaken(Exception):
    """Somebody else pushed meanwhile: the change is to be made again on top of that."""


class Target(Value, frozen=True, kw_only=True):
    """A branch of the other side, and the commit that it is at: none, while there is no such branch."""

    branch: str
    at: str


def push(git: Git, spec: SourceSpec, commit: str, target: Target) -> None:
    """Bring a commit to the other side's branch. Raises Overtaken when that is elsewhere by now, and PortError."""
    address = parse_address(spec.url)
    here = address.kind == "local"
    settings = (*git.settings, "protocol.file.allow=always") if here else git.settings
    pushing = Git(folder=git.folder, access=access(spec, address), settings=settings)
    ref = f"refs/heads/{target.branch}"
    options = ("--quiet", "--no-verify", "--no-recurse-submodules", "--no-signed", "--no-follow-tags")
    try:
        pushing.run(
            "push",
            *options,
            *((_INTO_FOLDER,) if here else ()),
            f"--force-with-lease={ref}:{target.at}",
            "--",
            address.url,
            f"{commit}:{ref}",
            timeout=parse_duration(spec.timeout),
        )
    except GitFailed as failed:
        if not failed.timed_out and _OVERTAKEN.search(failed.said):
            raise Overtaken from failed
        raise _refusal(failed, address.url, target.branch) from failed


def _refusal(failed: GitFailed, where: str, branch: str) -> PortError:
    if _UNCOMMITTED.search(failed.said):
        return Permanent(
            f"branch {branch} is checked out in {where}, where changes are not committed yet",
            hint="commit or stash them first, or push to another branch with --branch NAME",
        )
    if _NO_RIGHT.search(failed.said):
        return Permanent(
            f"cannot push to {where}: no right to write ({told(failed)})",
            hint="the credentials that spec.source names may only read: give them the right to push, or name a "
            "configuration of your own with --config; --dry-run prints the patch",
        )
    if _DECLINED.search(failed.said):
        return Permanent(
            f"{where} does not take a push to branch {branch}: {told(failed)}",
            hint="push to another branch with --branch NAME, and open a pull request",
        )
    return explained(failed, "push to", where)
