"""A change arrives in the repository as a commit on top of the newest one, whoever else pushes."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent.model.objects.agent import Ref, SourceSpec
from agent.model.origin import Revision
from agent.ports import Permanent, Temporary
from agent.source import GitSource
from agent.source.command import GitFailed
from agent.source.pushing import Change, Pushed, publish
from agent.source.pushing.push import _refusal
from tests.source.repo import commit, git, new_repository
from tests.source.servers import GitServer, Sshd, serving, sshd


@pytest.fixture(autouse=True)
def who(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    for name in ("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"):
        monkeypatch.setenv(name, "Ada Lovelace")
    for name in ("GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"):
        monkeypatch.setenv(name, "ada@example.com")


@pytest.fixture
def work(tmp_path: Path) -> Path:
    work = new_repository(tmp_path / "served" / "fleet")
    commit(work, {"apps/web.yaml": "replicas: 1\n", "other.yaml": "x\n"}, "First")
    return work


@pytest.fixture
def bare(work: Path) -> Path:
    bare = work.parent / "fleet.git"
    git(work, "clone", "--quiet", "--bare", str(work), str(bare))
    git(bare, "config", "http.receivepack", "true")
    git(work, "remote", "add", "origin", str(bare))
    return bare


def change(content: str = "replicas: 2\n") -> Callable[[Revision], Change]:
    return lambda _base: Change(files={"apps/web.yaml": content.encode()}, message="Scale web to 2\n\nWhy not\n")


def pushed(url: str | Path, cache: Path, *, branch: str = "", **settings: object) -> Pushed | None:
    settings.setdefault("ref", Ref(branch="main"))
    spec = SourceSpec(url=str(url), **settings)  # type: ignore[arg-type] # each test names its own
    return publish(spec, GitSource(spec, cache), change(), branch=branch)


def assert_arrived(repository: Path, branch: str = "main") -> None:
    assert git(repository, "show", f"{branch}:apps/web.yaml") == "replicas: 2"
    shown = git(repository, "log", "-1", "--format=%an <%ae>|%cn|%s|%b", branch)
    assert shown == "Ada Lovelace <ada@example.com>|Ada Lovelace|Scale web to 2|Why not"
    assert git(repository, "diff", "--name-only", f"{branch}~1", branch) == "apps/web.yaml"


def test_into_a_bare_repository_on_this_machine(bare: Path, tmp_path: Path) -> None:
    before = git(bare, "rev-parse", "main")
    done = pushed(bare, tmp_path / "cache")
    assert done is not None
    assert (done.base.id, done.commit.id, done.branch) == (before, git(bare, "rev-parse", "main"), "main")
    assert_arrived(bare)
    git(bare, "fsck", "--strict")


def test_over_ssh(bare: Path, tmp_path: Path) -> None:
    with sshd(tmp_path / "ssh") as server:
        settings = {"identity_file": str(server.identity), "known_hosts_file": str(server.known_hosts)}
        assert pushed(_over(server, bare), tmp_path / "cache", **settings)
    assert_arrived(bare)


def _over(server: Sshd, repository: Path) -> str:
    return server.url(repository)


def test_over_http_out_of_a_shallow_mirror(bare: Path, work: Path, tmp_path: Path) -> None:
    for number in range(5):
        commit(work, {"other.yaml": f"{number}\n"})
    git(work, "push", "--quiet", "origin", "main")
    token = tmp_path / "token"
    token.write_text("tok3n\n")
    with serving(GitServer(bare.parent, token="tok3n")) as server:
        assert pushed(server.url("fleet.git"), tmp_path / "cache", depth=2, token_file=str(token))
    assert_arrived(bare)
    assert git(bare, "rev-list", "--count", "main") == "7", "history is whole where it was"


def test_a_checked_out_branch_takes_its_folder_along(work: Path, tmp_path: Path) -> None:
    (work / "notes.txt").write_text("not git's")
    assert pushed(work, tmp_path / "cache")
    assert_arrived(work)
    assert (work / "apps/web.yaml").read_text() == "replicas: 2\n"
    assert git(work, "status", "--porcelain") == "?? notes.txt"


def test_work_that_is_not_committed_is_never_lost(work: Path, tmp_path: Path) -> None:
    (work / "other.yaml").write_text("edited\n")
    with pytest.raises(Permanent, match=r"is checked out in .* not committed yet") as refusal:
        pushed(work, tmp_path / "cache")
    assert "--branch" in refusal.value.hint
    assert (work / "other.yaml").read_text() == "edited\n"
    assert git(work, "rev-list", "--count", "main") == "1"
    assert pushed(work, tmp_path / "cache", branch="scale-web")
    assert_arrived(work, "scale-web")
    assert (work / "other.yaml").read_text() == "edited\n"


def test_what_others_pushed_meanwhile_is_built_upon(bare: Path, work: Path, tmp_path: Path) -> None:
    spec = SourceSpec(url=str(bare), ref=Ref(branch="main"))
    asked: list[str] = []

    def overtaken(base: Revision) -> Change:
        asked.append(base.id)
        if len(asked) == 1:
            commit(work, {"other.yaml": "theirs\n"}, "Theirs")
            git(work, "push", "--quiet", "origin", "main")
        return change()(base)

    done = publish(spec, GitSource(spec, tmp_path / "cache"), overtaken)
    assert done is not None
    assert len(asked) == 2
    assert_arrived(bare)
    assert git(bare, "show", "main:other.yaml") == "theirs"


def test_a_branch_that_was_taken_back_meanwhile_is_not_brought_back(bare: Path, work: Path, tmp_path: Path) -> None:
    first = git(bare, "rev-parse", "main")
    commit(work, {"other.yaml": "a mistake\n"})
    git(work, "push", "--quiet", "origin", "main")
    spec = SourceSpec(url=str(bare), ref=Ref(branch="main"))

    def taken_back(base: Revision) -> Change:
        git(bare, "update-ref", "refs/heads/main", first)
        return change()(base)

    assert publish(spec, GitSource(spec, tmp_path / "cache"), taken_back)
    assert git(bare, "rev-parse", "main~1") == first


def test_it_gives_up_when_others_are_always_faster(bare: Path, work: Path, tmp_path: Path) -> None:
    spec = SourceSpec(url=str(bare), ref=Ref(branch="main"))

    def overtaken(base: Revision) -> Change:
        commit(work, {"other.yaml": f"{base.id}\n"})
        git(work, "push", "--quiet", "origin", "main")
        return change()(base)

    with pytest.raises(Temporary, match="others pushed to branch main 5 times"):
        publish(spec, GitSource(spec, tmp_path / "cache"), overtaken)
    assert git(bare, "show", "main:apps/web.yaml") == "replicas: 1"


def test_another_branch_is_begun_and_then_built_upon(bare: Path, tmp_path: Path) -> None:
    main = git(bare, "rev-parse", "main")
    with serving(GitServer(bare.parent)) as server:
        assert pushed(server.url("fleet.git"), tmp_path / "cache", branch="team/scale")
        assert_arrived(bare, "team/scale")
        assert pushed(server.url("fleet.git"), tmp_path / "cache", branch="team/scale")
    assert git(bare, "rev-list", "--count", "team/scale") == "3"
    assert git(bare, "rev-parse", "main") == main


@pytest.mark.parametrize("branch", ["a..b", "-x", "a b", "x.lock", "x/"])
def test_no_branch_name(bare: Path, tmp_path: Path, branch: str) -> None:
    with pytest.raises(Permanent, match="is not a branch name"):
        pushed(bare, tmp_path / "cache", branch=branch)


def test_a_pinned_source_wants_a_branch(bare: Path, tmp_path: Path) -> None:
    git(bare, "tag", "v1", "main")
    with pytest.raises(Permanent, match="pinned to tag v1") as refusal:
        pushed(bare, tmp_path / "cache", ref=Ref(tag="v1"))
    assert "--branch" in refusal.value.hint
    assert pushed(bare, tmp_path / "cache", ref=Ref(tag="v1"), branch="next")
    assert_arrived(bare, "next")


def test_what_the_other_side_declines_is_told(bare: Path, tmp_path: Path) -> None:
    hook = bare / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'main is protected here' >&2\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(Permanent, match="main is protected here") as refusal:
        pushed(bare, tmp_path / "cache")
    assert "pull request" in refusal.value.hint


def test_no_right_to_push_is_told(bare: Path, tmp_path: Path) -> None:
    git(bare, "config", "http.receivepack", "false")
    with serving(GitServer(bare.parent)) as server, pytest.raises(Permanent, match="no right to write") as refusal:
        pushed(server.url("fleet.git"), tmp_path / "cache")
    assert "give them the right to push" in refusal.value.hint


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("ERROR: Permission to ops/fleet.git denied to ana.\nfatal: Could not read from", "no right to write"),
        ("remote: Write access to repository not granted.\nfatal: the requested URL returned error: 403", "no right"),
        ("ERROR: The key you are authenticating with has been marked as read only.", "no right to write"),
        ("remote: fatal: unable to create temporary object directory", "no right to write"),
        ("error: insufficient permission for adding an object: Permission denied", "no right to write"),
        ("git@example.com: Permission denied (publickey).", "does not accept the credentials"),
        ("remote: error: GH006: Protected branch update failed\n! [remote rejected] main", "does not take a push"),
        ("ssh: connect to host example.com port 22: Connection refused", "does not answer"),
    ],
)
def test_what_servers_say_is_understood(said: str, message: str) -> None:
    assert message in str(_refusal(GitFailed(said), "git@example.com:ops/fleet.git", "main"))


def test_no_hook_of_the_one_who_pushes_runs(bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = tmp_path / "ran"
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for name in ("pre-commit", "commit-msg", "pre-push", "post-commit", "reference-transaction"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {ran}\n")
        (hooks / name).chmod(0o755)
    settings = tmp_path / "gitconfig"
    settings.write_text(
        f"[init]\n\ttemplateDir = {tmp_path}\n[commit]\n\tgpgSign = true\n[push]\n\tgpgSign = if-asked\n"
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    assert pushed(bare, tmp_path / "cache")
    assert_arrived(bare)
    assert not ran.exists()


def test_without_a_name_in_gits_settings_the_user_stands_there(
    bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith(("GIT_AUTHOR", "GIT_COMMITTER"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", "/dev/null")
    monkeypatch.setenv("SUDO_USER", "ana")
    assert pushed(bare, tmp_path / "cache")
    assert git(bare, "log", "-1", "--format=%an", "main") == "ana"
    git(bare, "config", "user.name", "Grace")
    git(bare, "config", "user.email", "grace@example.com")
    spec = SourceSpec(url=str(bare), ref=Ref(branch="main"))
    publish(spec, GitSource(spec, tmp_path), change("replicas: 3\n"))
    assert git(bare, "log", "-1", "--format=%an <%ae>", "main") == "Grace <grace@example.com>"


def test_mode_of_the_file_stays(work: Path, tmp_path: Path) -> None:
    (work / "apps/web.yaml").chmod(0o755)
    commit(work, {})
    assert pushed(work, tmp_path / "cache")
    assert git(work, "ls-tree", "main", "apps/web.yaml").startswith("100755 ")


@pytest.fixture(autouse=True)
def nothing_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    yield
    assert list(scratch.iterdir()) == []
