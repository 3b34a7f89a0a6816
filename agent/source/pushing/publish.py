"""A change of the newest revision, committed and pushed; made again when somebody else was faster."""

from collections.abc import Callable, Mapping
from typing import Final

from agent.model.objects.agent import SourceSpec
from agent.model.origin import Revision
from agent.model.value import Value
from agent.ports import Permanent, Temporary
from agent.source.command import GitFailed
from agent.source.faults import explained
from agent.source.git import GitSource
from agent.source.pushing.identity import author
from agent.source.pushing.push import Overtaken, Target, push
from agent.source.pushing.workshop import make_commit, workshop
from agent.source.repository import NoSuchRef

_TRIES: Final = 5


class Change(Value, frozen=True, kw_only=True):
    """New contents of files that are there, by their path in the repository, and the commit's message."""

    files: Mapping[str, bytes]
    message: str


class Pushed(Value, frozen=True, kw_only=True):
    """What was pushed: ``commit`` on top of ``base``, to ``branch``."""

    commit: Revision
    base: Revision
    branch: str


def publish(
    spec: SourceSpec, source: GitSource, change: Callable[[Revision], Change | None], *, branch: str = ""
) -> Pushed | None:
    """Push what ``change`` makes of the newest revision to the branch that is followed, or to another one.

    Another branch that is there already is built upon; else it begins at what is followed. ``change`` is asked again
    whenever somebody else was faster, a few times. None when it has nothing to change. Raises PortError.
    """
    followed = spec.ref.branch
    _refuse_pinned(spec, branch)
    name = branch or followed
    for _ in range(_TRIES):
        source.fetch()
        base, target = _start(source, name, followed=name == followed)
        wanted = change(base)
        if wanted is None:
            return None
        try:
            commit = _commit_and_push(spec, source, wanted, base, target)
        except Overtaken:
            continue
        if name == followed:
            source.fetch()
            return Pushed(commit=source.resolve(commit), base=base, branch=name)
        return Pushed(commit=Revision(id=commit, subject=wanted.message.split("\n", 1)[0]), base=base, branch=name)
    raise Temporary(
        f"others pushed to branch {name} {_TRIES} times while this was being pushed", hint="try again in a moment"
    )


def newest(spec: SourceSpec, source: GitSource, *, branch: str = "") -> Revision:
    """Return what ``publish`` would build upon now. Raises PortError."""
    _refuse_pinned(spec, branch)
    source.fetch()
    return _start(source, branch or spec.ref.branch, followed=branch in ("", spec.ref.branch))[0]


def _refuse_pinned(spec: SourceSpec, branch: str) -> None:
    if not branch and (spec.ref.tag or spec.ref.commit):
        pinned = f"tag {spec.ref.tag}" if spec.ref.tag else f"commit {spec.ref.commit[:12]}"
        raise Permanent(
            f"the source is pinned to {pinned}, which cannot be pushed to",
            hint="push to a branch with --branch NAME; spec.source.ref says what is followed",
        )


def _start(source: GitSource, branch: str, *, followed: bool) -> tuple[Revision, Target]:
    """Return what a change is made on top of, and where it goes."""
    try:
        revision = source.resolve(None if followed else f"refs/heads/{branch}")
    except NoSuchRef:
        if followed:
            raise
        return source.resolve(), Target(branch=branch, at="")
    return revision, Target(branch=branch, at=revision.id)


def _commit_and_push(spec: SourceSpec, source: GitSource, change: Change, base: Revision, target: Target) -> str:
    try:
        with workshop(source.git) as git:
            git.run("check-ref-format", "--branch", target.branch)
            commit = make_commit(git, base.id, change.files, change.message, author(source.git))
            push(git, spec, commit, target)
    except GitFailed as failed:
        if "not a valid branch name" in failed.said:
            raise Permanent(f"{target.branch!r} is not a branch name", hint="such as scale-web") from failed
        raise explained(failed, "commit to", source.git.folder.name) from failed
    return commit
