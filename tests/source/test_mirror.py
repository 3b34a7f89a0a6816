import contextlib
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from agent.model.objects.agent import Ref
from agent.model.origin import Location
from agent.ports import Permanent, PortError, Temporary
from tests.source.repo import commit, contents, git, new_repository, source
from tests.source.servers import GitServer, serving


@pytest.fixture
def work(tmp_path: Path) -> Path:
    work = new_repository(tmp_path / "served" / "fleet")
    commit(work, {"a.yaml": "1\n"}, "First")
    return work


@pytest.fixture
def server(work: Path) -> Iterator[GitServer]:
    with serving(GitServer(work.parent)) as server:
        yield server


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


SMALL = 64 * 1024


@contextlib.contextmanager
def no_room() -> Iterator[None]:
    """Let no process write a larger file meanwhile: git ends then as it does on a full disk, or when it is killed."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (SMALL, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def mirror_in(cache: Path) -> Path:
    (mirror,) = cache.glob("*.git")
    return mirror


def test_a_force_push_is_followed_and_the_old_commit_stays_readable(server: GitServer, work: Path, cache: Path) -> None:
    from_ = source(server.url("fleet"), cache)
    old = commit(work, {"a.yaml": "old"})
    from_.fetch()
    git(work, "reset", "--quiet", "--hard", "HEAD~1")
    new = commit(work, {"a.yaml": "new"})
    from_.fetch()
    assert from_.resolve().id == new
    asked = len(server.sent)
    assert contents(from_, old) == {"a.yaml": b"old"}
    assert len(server.sent) == asked


def test_a_mirror_is_read_by_its_owner_alone(server: GitServer, work: Path, cache: Path) -> None:
    cache.mkdir(mode=0o755, exist_ok=True)
    cache.chmod(0o755)
    before = os.umask(0o022)
    try:
        source(server.url("fleet"), cache).fetch()
        commit(work, {"secret.yaml": "1"})
        source(server.url("fleet"), cache).fetch()
    finally:
        os.umask(before)
    mirror = mirror_in(cache)
    open_to_others = [path for path in (mirror, *mirror.rglob("*")) if path.stat().st_mode & 0o077]
    assert open_to_others == []


def test_without_the_remote_what_was_fetched_is_read_by_a_new_process(work: Path, cache: Path) -> None:
    with serving(GitServer(work.parent)) as server:
        url = server.url("fleet")
        source(url, cache).fetch()
    from_ = source(url, cache)
    with pytest.raises(Temporary):
        from_.fetch()
    id_ = git(work, "rev-parse", "HEAD")
    assert from_.resolve().id == id_
    assert contents(from_, id_) == {"a.yaml": b"1\n"}


def test_history_is_shallow_and_blame_says_so(server: GitServer, work: Path, cache: Path) -> None:
    for number in range(5):
        commit(work, {"a.yaml": "1\n" + f"{number}\n" * 2, "b.yaml": f"{number}\n"}, f"Change {number}")
    from_ = source(server.url("fleet"), cache, depth=3)
    from_.fetch()
    revision = from_.resolve()
    assert git(mirror_in(cache), "rev-list", "--count", revision.id) == "3"
    inside = from_.blame(revision, Location(file="b.yaml", line=1))
    assert inside is not None
    assert inside.subject == "Change 4"
    assert from_.blame(revision, Location(file="a.yaml", line=1)) is None
    assert source(work, cache).blame(revision, Location(file="a.yaml", line=1)) is not None
    commit(work, {"c.yaml": "x"})
    from_.fetch()
    assert git(mirror_in(cache), "rev-list", "--count", from_.resolve().id) == "3"


def test_refs_that_are_not_followed_are_asked_for(server: GitServer, work: Path, cache: Path) -> None:
    first = git(work, "rev-parse", "HEAD")
    git(work, "tag", "-a", "v1", "-m", "annotated")
    second = commit(work, {"a.yaml": "2"})
    git(work, "checkout", "--quiet", "-b", "team/side")
    side = commit(work, {"a.yaml": "side"})
    from_ = source(server.url("fleet"), cache)
    assert from_.resolve().id == second  # without a fetch before
    for name, id_ in {
        "HEAD": second,
        "HEAD~1": first,
        "main^": first,
        "v1": first,
        "team/side": side,
        "team/side~2": first,
        side: side,
        first[:9]: first,
    }.items():
        assert from_.resolve(name).id == id_, name
    newer = commit(work, {"a.yaml": "side again"})
    assert from_.resolve("team/side").id == newer
    assert from_.resolve().id == second


def test_a_tag_and_a_commit_can_be_followed(server: GitServer, work: Path, cache: Path) -> None:
    first = git(work, "rev-parse", "HEAD")
    git(work, "tag", "v1")
    second = commit(work, {"a.yaml": "2"})
    tagged = source(server.url("fleet"), cache, ref=Ref(tag="v1"))
    tagged.fetch()
    assert tagged.resolve().id == first
    git(work, "tag", "--force", "v1")
    tagged.fetch()
    assert tagged.resolve().id == second
    pinned = source(server.url("fleet"), cache, ref=Ref(commit=first))
    pinned.fetch()
    assert pinned.resolve().id == first
    asked = len(server.sent)
    pinned.fetch()
    assert len(server.sent) == asked  # a commit never changes


def test_a_missing_ref_names_the_near_ones(server: GitServer, work: Path, cache: Path) -> None:
    git(work, "branch", "production")
    for ref in (Ref(branch="prodution"), Ref(commit="a" * 40)):
        with pytest.raises(Permanent, match="has no "):
            source(server.url("fleet"), cache, ref=ref).fetch()
    with pytest.raises(Permanent, match=r"has no branch prodution$") as refusal:
        source(server.url("fleet"), cache, ref=Ref(branch="prodution")).fetch()
    assert "it has production" in refusal.value.hint
    from_ = source(server.url("fleet"), cache)
    from_.fetch()
    for ref_name in ("nope", "main~99", "a" * 40, "--upload-pack=x", "a:b", "refs/heads/*"):
        with pytest.raises(Permanent):
            from_.resolve(ref_name)
    with pytest.raises(Permanent, match=r"spec\.source\.depth|has no"):
        from_.resolve("production~7")


FETCH = """
import sys
from agent.model.objects.agent import SourceSpec
from agent.source import GitSource
GitSource(SourceSpec(url=sys.argv[1]), sys.argv[2]).fetch()
"""


@pytest.mark.parametrize("requests", [1, 2, 3])
def test_killed_while_cloning_it_starts_again(server: GitServer, cache: Path, requests: int) -> None:
    reached, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        if len(server.sent) >= requests:
            reached.set()
            go_on.wait(30)

    server.before = hold
    with subprocess.Popen([sys.executable, "-c", FETCH, server.url("fleet"), str(cache)]) as child:
        assert reached.wait(30)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        # The git that it started lives on, and is not disturbed.
        with pytest.raises(Temporary, match="another trimtab has been fetching"):
            source(server.url("fleet"), cache, timeout="100ms").fetch()
    go_on.set()
    assert list(cache.glob("*.git")) == []
    from_ = source(server.url("fleet"), cache)
    from_.fetch()
    assert contents(from_) == {"a.yaml": b"1\n"}
    assert sorted(path.suffix for path in cache.iterdir()) == [".git", ".lock"]


LEFT_OVER = (
    "shallow.lock",
    "packed-refs.lock",
    "HEAD.lock",
    "config.lock",
    "refs/heads/main.lock",
    "objects/maintenance.lock",
    "objects/info/commit-graph.lock",
    "objects/pack/tmp_pack_aB3dEf",
    "objects/pack/.tmp-123-pack-0123.pack",
    "objects/9d/tmp_obj_aB3dEf",
)


def test_what_a_crash_left_is_swept(server: GitServer, work: Path, cache: Path) -> None:
    from_ = source(server.url("fleet"), cache)
    from_.fetch()
    mirror = mirror_in(cache)
    left = [mirror / name for name in LEFT_OVER]
    for stale in left:
        stale.parent.mkdir(exist_ok=True)
        stale.touch()
    (mirror.with_suffix(".making") / "objects").mkdir(parents=True)
    id_ = commit(work, {"a.yaml": "2"})
    same = mirror.stat().st_ino
    from_.fetch()
    assert from_.resolve().id == id_
    assert mirror.stat().st_ino == same
    assert [stale for stale in left if stale.exists()] == []
    # A crash between the two renames of a swap:
    mirror.rename(mirror.with_suffix(".old"))
    source(server.url("fleet"), cache).fetch()
    assert contents(from_) == {"a.yaml": b"2"}
    assert mirror.stat().st_ino == same
    assert list(cache.glob("*.old")) + list(cache.glob("*.making")) == []


def test_a_fetch_that_the_disk_has_no_room_for_leaves_nothing_there(server: GitServer, work: Path, cache: Path) -> None:
    from_ = source(server.url("fleet"), cache)
    from_.fetch()
    (work / "large").write_bytes(random.Random(1).randbytes(4 * SMALL))
    git(work, "add", ".")
    git(work, "commit", "--quiet", "-m", "large")
    with no_room(), pytest.raises(PortError):
        from_.fetch()
    assert list(cache.rglob("tmp_*")) + list(cache.glob("*.making")) == []


def _no_head(mirror: Path) -> None:
    (mirror / "HEAD").write_text("")


def _no_config(mirror: Path) -> None:
    (mirror / "config").write_text("[core\n")


def _no_objects(mirror: Path) -> None:
    shutil.rmtree(mirror / "objects")
    (mirror / "objects").mkdir()


def _torn_ref(mirror: Path) -> None:
    (mirror / "refs" / "heads" / "main").write_bytes(b"\0" * 41)


def _no_blobs(mirror: Path) -> None:
    for path in (mirror / "objects").glob("??/*"):
        if git(mirror, "cat-file", "-t", path.parent.name + path.name) == "blob":
            path.unlink()


def _no_contents(mirror: Path) -> None:
    for path in (mirror / "objects").glob("??/*"):
        path.chmod(0o644)
        path.write_bytes(b"")


@pytest.mark.parametrize("pinned", [False, True])
@pytest.mark.parametrize("damage", [_no_head, _no_config, _no_objects, _torn_ref, _no_blobs, _no_contents])
def test_a_damaged_mirror_is_made_anew(
    server: GitServer, work: Path, cache: Path, damage: Callable[[Path], None], pinned: bool
) -> None:
    ref = Ref(commit=git(work, "rev-parse", "HEAD")) if pinned else Ref(branch="main")
    from_ = source(server.url("fleet"), cache, ref=ref)
    from_.fetch()
    damage(mirror_in(cache))
    with contextlib.suppress(PortError):  # the first may only find out
        from_.fetch()
        contents(from_)
    from_.fetch()
    assert contents(from_) == {"a.yaml": b"1\n"}


def test_several_at_once_do_not_disturb_each_other(server: GitServer, work: Path, cache: Path) -> None:
    id_ = git(work, "rev-parse", "HEAD")

    def fetch_and_read(_: int) -> str:
        from_ = source(server.url("fleet"), cache)
        from_.fetch()
        contents(from_)
        return from_.resolve().id

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(fetch_and_read, range(8))) == {id_}


def test_a_fetch_that_another_process_holds_up_is_given_up_on(server: GitServer, cache: Path) -> None:
    reached, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        reached.set()
        go_on.wait(30)

    server.before = hold
    first = threading.Thread(target=source(server.url("fleet"), cache).fetch)
    first.start()
    assert reached.wait(30)
    with pytest.raises(Temporary, match="another trimtab has been fetching"):
        source(server.url("fleet"), cache, timeout="100ms").fetch()
    go_on.set()
    first.join()


def test_a_cache_that_cannot_be_written_is_explained(server: GitServer, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Permanent, match="cannot write to the cache") as refusal:
        source(server.url("fleet"), tmp_path / "file").fetch()
    assert "spec.stateDir" in refusal.value.hint
