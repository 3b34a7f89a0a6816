import os
import resource
import sys
from pathlib import Path

import pytest

from agent.model.objects.agent import Ref
from agent.model.origin import Location, Revision
from agent.ports import Permanent, PortError, Temporary
from agent.source import FolderSource
from agent.source.command import Git, GitFailed
from tests.source.repo import commit, contents, git, new_repository, source


@pytest.fixture
def work(tmp_path: Path) -> Path:
    return new_repository(tmp_path / "fleet")


def test_a_commit_is_read_with_who_when_and_what(work: Path, tmp_path: Path) -> None:
    id_ = commit(work, {"apps/web.yaml": "kind: Pod\n", "hosts/edge.yaml": "kind: Host\n"}, "Add web", at=1_700_000_123)
    from_ = source(work, tmp_path / "cache")
    from_.fetch()
    assert from_.resolve() == Revision(id=id_, author="Ada Lovelace", at=1_700_000_123.0, subject="Add web")
    assert contents(from_) == {"apps/web.yaml": b"kind: Pod\n", "hosts/edge.yaml": b"kind: Host\n"}
    blobs = from_.tree(from_.resolve())
    assert [blob.size for blob in blobs] == [10, 11]
    assert blobs[0].id == git(work, "rev-parse", "HEAD:apps/web.yaml")
    assert not (tmp_path / "cache").exists()


def test_only_commits_count_not_the_work_tree(work: Path, tmp_path: Path) -> None:
    commit(work, {"a.yaml": "committed"})
    (work / "a.yaml").write_text("edited")
    (work / "b.yaml").write_text("new")
    assert contents(source(work, tmp_path)) == {"a.yaml": b"committed"}


def test_a_push_into_a_bare_repository_is_seen(work: Path, tmp_path: Path) -> None:
    bare = new_repository(tmp_path / "fleet.git", bare=True)
    from_ = source(f"file://{bare}", tmp_path)
    with pytest.raises(Permanent, match="has no branch main") as refusal:
        from_.resolve()
    assert "push a first commit" in refusal.value.hint
    for number in range(3):
        id_ = commit(work, {"a.yaml": str(number)})
        git(work, "push", "--quiet", str(bare), "main")
        assert from_.resolve().id == id_
        assert contents(from_) == {"a.yaml": str(number).encode()}


def test_refs_of_every_kind(work: Path, tmp_path: Path) -> None:
    first = commit(work, {"a.yaml": "1"})
    git(work, "tag", "-a", "v1", "-m", "annotated")
    git(work, "branch", "team/release")
    second = commit(work, {"a.yaml": "2"})
    git(work, "tag", "main", "v1^{commit}")  # a tag named like the branch that is followed
    from_ = source(work, tmp_path)
    assert from_.resolve().id == second
    for name in ("v1", "team/release", first[:8], first, "HEAD~1", "HEAD^", "refs/tags/main"):
        assert from_.resolve(name).id == first, name
    assert source(work, tmp_path, ref=Ref(tag="v1")).resolve().id == first
    assert source(work, tmp_path, ref=Ref(commit=first)).resolve().id == first
    assert source(work, tmp_path, ref=Ref(branch="team/release")).resolve().id == first


@pytest.mark.parametrize(
    "ref",
    ["nope", "HEAD~9", "HEAD:a.yaml", "v1..main", "^main", "--output=/tmp/x", "main^@", "", "a b", "main\nmain", ":/1"],
)
def test_what_is_no_single_commit_is_refused(work: Path, tmp_path: Path, ref: str) -> None:
    commit(work, {"a.yaml": "1"})
    git(work, "tag", "v1")
    from_ = source(work, tmp_path)
    if not ref:
        assert from_.resolve(ref) == from_.resolve()
        return
    with pytest.raises(Permanent):
        from_.resolve(ref)


def test_a_missing_branch_names_the_near_ones(work: Path, tmp_path: Path) -> None:
    commit(work, {"a.yaml": "1"})
    for name in ("production", "prodution-2", "unrelated"):
        git(work, "branch", name)
    with pytest.raises(Permanent, match=r"has no branch prodution$") as refusal:
        source(work, tmp_path, ref=Ref(branch="prodution")).resolve()
    assert "production" in refusal.value.hint
    assert "unrelated" not in refusal.value.hint


def test_only_files_below_the_path(work: Path, tmp_path: Path) -> None:
    commit(work, {"apps/a.yaml": "1", "apps-old/b.yaml": "2", "c.yaml": "3", "apps/x/y.yaml": "4"})
    assert sorted(contents(source(work, tmp_path, path="./apps/"))) == ["apps/a.yaml", "apps/x/y.yaml"]
    commit(work, {":(top)apps/a.yaml": "5"})
    assert list(contents(source(work, tmp_path, path=":(top)apps"))) == [":(top)apps/a.yaml"]


@pytest.mark.parametrize("path", ["gone", "c.yaml", "link"])
def test_a_path_that_is_no_folder_is_an_error_and_never_an_empty_fleet(work: Path, tmp_path: Path, path: str) -> None:
    (work / "link").symlink_to("apps")
    commit(work, {"apps/a.yaml": "1", "c.yaml": "3"})
    from_ = source(work, tmp_path, path=path)
    with pytest.raises(Permanent, match=f"has no folder {path}"):
        from_.tree(from_.resolve())


@pytest.mark.parametrize("path", ["..", "../other", "/etc", "apps/../../other", "a\0b", "a\nb"])
def test_a_path_out_of_the_repository_is_refused(work: Path, tmp_path: Path, path: str) -> None:
    with pytest.raises(Permanent, match="leaves the repository"):
        source(work, tmp_path, path=path)


def test_symlinks_are_marked_and_not_followed(work: Path, tmp_path: Path) -> None:
    (work / "evil.yaml").symlink_to("/etc/passwd")
    commit(work, {"a.yaml": "1"})
    from_ = source(work, tmp_path)
    revision = from_.resolve()
    plain, link = from_.tree(revision)
    assert (plain.path, plain.symlink) == ("a.yaml", False)
    assert (link.path, link.symlink) == ("evil.yaml", True)
    assert from_.read(revision, [link]) == {link.id: b"/etc/passwd"}


def test_a_submodule_below_the_path_is_refused_and_elsewhere_it_is_not(work: Path, tmp_path: Path) -> None:
    other = new_repository(tmp_path / "other")
    commit(other, {"b.yaml": "1"})
    git(work, "submodule", "--quiet", "add", str(other), "vendor/lib")
    commit(work, {"apps/a.yaml": "1"})
    from_ = source(work, tmp_path)
    with pytest.raises(Permanent, match=r"vendor/lib in [0-9a-f]{12} is a submodule"):
        from_.tree(from_.resolve())
    assert list(contents(source(work, tmp_path, path="apps"))) == ["apps/a.yaml"]


def test_strange_names_and_contents_come_through(work: Path, tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "tab\there.yaml": b"\0\xff\n\n",
        "neu: [ä] 漢.yaml": "x",
        'new\nline "q".yaml': "",
        "*.yaml": "star",
        ":(top)x.yaml": "magic",
    }
    commit(work, files)
    (work / os.fsdecode(b"caf\xe9.yaml")).write_bytes(b"latin")
    commit(work, {})
    expected = {name: text if isinstance(text, bytes) else text.encode() for name, text in files.items()}
    assert contents(source(work, tmp_path)) == expected | {"caf\\xe9.yaml": b"latin"}


def test_one_content_at_two_paths_is_read_once(work: Path, tmp_path: Path) -> None:
    commit(work, {"a.yaml": "same", "b.yaml": "same"})
    from_ = source(work, tmp_path)
    revision = from_.resolve()
    blobs = from_.tree(revision)
    assert from_.read(revision, blobs) == {blobs[0].id: b"same"}
    assert from_.read(revision, []) == {}


def test_terminal_escapes_in_a_commit_are_taken_out(work: Path, tmp_path: Path) -> None:
    commit(work, {"a.yaml": "1"}, "red \x1b[31malert\x07")
    assert source(work, tmp_path).resolve().subject == "red  [31malert "


def test_a_repository_with_endlessly_many_files_is_refused(
    work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(work, {f"{number}.yaml": "x" for number in range(200)})
    monkeypatch.setattr("agent.source.repository._TREE_AT_MOST", 2000)
    from_ = source(work, tmp_path)
    with pytest.raises(Permanent, match="has more files below"):
        from_.tree(from_.resolve())


def test_blame_names_the_commit_of_the_line(work: Path, tmp_path: Path) -> None:
    first = commit(work, {"a.yaml": "one\ntwo\nthree\n"}, "First", at=1_600_000_000)
    second = commit(work, {"a.yaml": "one\nTWO\nthree\n"}, "Second", at=1_600_000_100)
    commit(work, {"b.yaml": "x\n"})
    from_ = source(work, tmp_path)
    revision = from_.resolve()
    blames = [from_.blame(revision, Location(file="a.yaml", line=line)) for line in (1, 2, 3)]
    assert [blame and blame.revision for blame in blames] == [first, second, first]
    assert blames[1] is not None
    assert (blames[1].author, blames[1].at, blames[1].subject) == ("Ada Lovelace", 1_600_000_100.0, "Second")
    assert from_.blame(revision, Location(file="a.yaml", line=99)) is None
    assert from_.blame(revision, Location(file="none.yaml", line=1)) is None


def test_no_repository_is_explained(tmp_path: Path) -> None:
    for path in (tmp_path / "missing", tmp_path):
        with pytest.raises(Permanent, match="there is no git repository") as refusal:
            source(path, tmp_path).resolve()
        assert "spec.source.url" in refusal.value.hint


def test_a_folder_within_a_work_tree_is_not_taken_for_the_repository(work: Path, tmp_path: Path) -> None:
    commit(work, {"apps/a.yaml": "1"})
    with pytest.raises(Permanent, match="there is no git repository"):
        source(work / "apps", tmp_path).resolve()


def test_what_the_repository_would_have_git_run_does_not_run(work: Path, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    commit(work, {"a.yaml": "one\n", "b.yaml": "one\n", ".gitattributes": "a.yaml diff=evil filter=evil\n"})
    script = f"sh -c 'touch {ran}; cat'"
    for key in ("core.fsmonitor", "diff.evil.textconv", "filter.evil.clean", "core.pager", "core.sshCommand"):
        git(work, "config", key, script)
    ran.unlink(missing_ok=True)
    from_ = source(work, tmp_path)
    contents(from_)
    from_.blame(from_.resolve(), Location(file="a.yaml", line=1))
    assert not ran.exists()
    FolderSource(work).blame(Revision(id="worktree"), Location(file="b.yaml", line=1))
    assert not ran.exists()


def test_variables_of_a_git_hook_do_not_mislead(work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    id_ = commit(work, {"a.yaml": "ours"})
    other = new_repository(tmp_path / "other")
    commit(other, {"a.yaml": "theirs"})
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "core.bare")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "nonsense")
    from_ = source(work, tmp_path)
    assert from_.resolve().id == id_
    assert contents(from_) == {"a.yaml": b"ours"}


def test_a_repository_of_another_user_is_explained(work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit(work, {"a.yaml": "1"})
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")  # git's own switch for its own tests
    for scope in ("GIT_CONFIG_SYSTEM", "GIT_CONFIG_GLOBAL"):
        monkeypatch.setenv(scope, "/dev/null")
    with pytest.raises(Permanent, match="belongs to another user") as refusal:
        source(work, tmp_path).resolve()
    assert f"git config --system --add safe.directory {work}" in refusal.value.hint


def test_damaged_objects_are_told_apart_from_missing_refs(work: Path, tmp_path: Path) -> None:
    commit(work, {"a.yaml": "1"})
    from_ = source(work, tmp_path)
    revision = from_.resolve()
    blobs = from_.tree(revision)
    (work / ".git" / "objects" / blobs[0].id[:2] / blobs[0].id[2:]).unlink()
    with pytest.raises(PortError, match="lacks file content"):
        from_.read(revision, blobs)


def test_a_disk_that_hangs_is_not_waited_for_without_an_end(work: Path) -> None:
    commit(work, {"a.yaml": "1"})
    (work / ".git" / "config").unlink()
    os.mkfifo(work / ".git" / "config")
    with pytest.raises(GitFailed) as failed:
        Git(folder=work).run_bounded("ls-tree", "HEAD", at_most=1000, timeout=0.1)
    assert failed.value.timed_out


def test_a_hook_that_is_asked_before_a_push_is_taken_can_read_it(work: Path, tmp_path: Path) -> None:
    bare = new_repository(tmp_path / "fleet.git", bare=True)
    hook = bare / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(
        f"""#!{sys.executable}
import sys
from pathlib import Path
from agent.model.objects.agent import SourceSpec
from agent.source import GitSource
from_ = GitSource(SourceSpec(url={str(bare)!r}), "/nonexistent")
revision = from_.resolve(sys.stdin.readline().split()[1])
blobs = from_.tree(revision)
Path({str(tmp_path / "seen")!r}).write_bytes(from_.read(revision, blobs)[blobs[0].id])
sys.exit("refused by the hook")
"""
    )
    hook.chmod(0o755)
    commit(work, {"a.yaml": "pushed"})
    with pytest.raises(AssertionError, match="refused by the hook"):
        git(work, "push", str(bare), "main")
    assert (tmp_path / "seen").read_text() == "pushed"


def test_a_process_that_may_open_no_file_says_so_and_goes_on_when_it_may(work: Path, tmp_path: Path) -> None:
    commit(work, {"a.yaml": "committed"})
    from_ = source(work, tmp_path)
    revision = from_.resolve()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    free = os.dup(0)
    os.close(free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free, hard))
    try:
        for ask in (from_.resolve, lambda: from_.tree(revision)):
            with pytest.raises(Temporary, match="git cannot be started: Too many open files"):
                ask()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert contents(from_) == {"a.yaml": b"committed"}
