import queue
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.source.watch import watch_files, watch_repository
from tests.source.repo import commit, git, new_repository, source

WITHIN = 10.0


class Wakes:
    """Counts calls; ``heard`` waits for at least one, ``none_before`` checks that none came before a later cause."""

    def __init__(self) -> None:
        self._calls: queue.SimpleQueue[None] = queue.SimpleQueue()

    def __call__(self) -> None:
        self._calls.put(None)

    def heard(self) -> None:
        self._calls.get(timeout=WITHIN)

    def drain(self) -> int:
        count = 0
        while not self._calls.empty():
            self._calls.get()
            count += 1
        return count


@pytest.fixture
def work(tmp_path: Path) -> Path:
    work = new_repository(tmp_path / "work")
    commit(work, {"a.yaml": "1"})
    return work


@pytest.fixture
def bare(work: Path, tmp_path: Path) -> Path:
    bare = new_repository(tmp_path / "fleet.git", bare=True)
    git(work, "push", "--quiet", str(bare), "main")
    return bare


@pytest.fixture
def wakes(bare: Path) -> Iterator[Wakes]:
    wakes = Wakes()
    close = watch_repository(bare, wakes)
    yield wakes
    close()


def push(work: Path, bare: Path, *arguments: str) -> None:
    commit(work, {"a.yaml": git(work, "rev-parse", "HEAD")})
    git(work, "push", "--quiet", *arguments, str(bare), "main")


def test_every_push_wakes_once_its_commit_can_be_read(work: Path, bare: Path, wakes: Wakes, tmp_path: Path) -> None:
    from_ = source(bare, tmp_path)
    for _ in range(3):
        push(work, bare)
        wakes.heard()
        assert from_.resolve().id == git(work, "rev-parse", "HEAD")


def test_reading_and_locking_do_not_wake(work: Path, bare: Path, tmp_path: Path) -> None:
    from_ = source(bare, tmp_path)
    seen: queue.SimpleQueue[str] = queue.SimpleQueue()
    close = watch_repository(bare, lambda: seen.put(from_.resolve().id))
    for _ in range(5):
        from_.tree(from_.resolve())
    for lock in (bare / "HEAD.lock", bare / "refs" / "heads" / "other.lock"):
        lock.touch()
        lock.unlink()
    push(work, bare)
    assert seen.get(timeout=WITHIN) == git(work, "rev-parse", "HEAD")  # so nothing woke before the push
    close()


def test_a_push_of_many_refs_wakes_few_times(work: Path, bare: Path, wakes: Wakes) -> None:
    for number in range(100):
        git(work, "tag", f"v{number}")
    git(work, "push", "--quiet", "--tags", str(bare))
    wakes.heard()
    push(work, bare)
    wakes.heard()
    assert wakes.drain() < 50


def test_packed_refs_wake(work: Path, bare: Path, wakes: Wakes) -> None:
    git(work, "push", "--quiet", str(bare), "main:other")
    wakes.heard()
    git(bare, "pack-refs", "--all")
    wakes.heard()
    wakes.drain()
    git(bare, "update-ref", "-d", "refs/heads/other")  # which stands in packed-refs alone now
    wakes.heard()


def test_a_branch_in_a_new_folder_wakes(work: Path, bare: Path, wakes: Wakes) -> None:
    git(work, "push", "--quiet", str(bare), "main:team/one")
    wakes.heard()
    wakes.drain()
    git(work, "push", "--quiet", "--force", str(bare), "main^{commit}:refs/heads/team/two")
    wakes.heard()


def test_a_replaced_repository_is_watched_on(work: Path, bare: Path, wakes: Wakes, tmp_path: Path) -> None:
    for _ in range(3):
        shutil.rmtree(bare)
        wakes.heard()
        prepared = new_repository(tmp_path / "prepared.git", bare=True)
        git(work, "push", "--quiet", str(prepared), "main")
        wakes.drain()
        prepared.rename(bare)
        wakes.heard()
        wakes.drain()
        push(work, bare)
        wakes.heard()


def test_a_repository_that_takes_anothers_place_is_watched_on(
    work: Path, bare: Path, wakes: Wakes, tmp_path: Path
) -> None:
    for number in range(3):
        prepared = Path(shutil.copytree(bare, tmp_path / "prepared.git"))
        bare.rename(tmp_path / f"aside-{number}.git")
        prepared.rename(bare)
        wakes.heard()
        wakes.drain()
        push(work, bare)
        wakes.heard()
        wakes.drain()


def test_a_commit_in_a_work_tree_wakes_and_so_in_a_linked_one(work: Path, tmp_path: Path) -> None:
    linked = tmp_path / "linked"
    git(work, "worktree", "add", "--quiet", "-b", "side", str(linked))
    for folder in (work, linked):
        wakes = Wakes()
        close = watch_repository(folder, wakes)
        commit(work, {"a.yaml": f"for {folder.name}"})
        wakes.heard()
        close()


def test_after_closing_nothing_wakes(work: Path, bare: Path) -> None:
    wakes = Wakes()
    close = watch_repository(bare, wakes)
    close()
    push(work, bare)
    assert wakes.drain() == 0


def test_a_watched_file_wakes_when_written_replaced_removed_and_made(tmp_path: Path) -> None:
    config = tmp_path / "agent.yaml"
    config.write_text("one")
    wakes = Wakes()
    close = watch_files([config, tmp_path / "other.yaml"], wakes)
    config.write_text("two")
    wakes.heard()
    (tmp_path / "agent.yaml.tmp").write_text("three")
    (tmp_path / "agent.yaml.tmp").rename(config)
    wakes.heard()
    wakes.drain()
    config.unlink()
    wakes.heard()
    wakes.drain()
    config.write_text("four")
    wakes.heard()
    (tmp_path / "other.yaml").write_text("made")
    wakes.heard()
    close()


def test_a_neighbour_of_a_watched_file_does_not_wake(tmp_path: Path) -> None:
    config = tmp_path / "agent.yaml"
    config.write_text("one")
    wakes = Wakes()
    close = watch_files([config], wakes)
    (tmp_path / "neighbour.yaml").write_text("x")
    config.write_text("two")
    wakes.heard()
    close()
    assert wakes.drain() == 0


def test_the_target_of_a_symlink_wakes_and_so_does_its_replacement(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "agent.yaml").write_text(name)
    link = tmp_path / "agent.yaml"
    link.symlink_to("a/agent.yaml")
    wakes = Wakes()
    close = watch_files([link], wakes)
    (tmp_path / "a" / "agent.yaml").write_text("edited")
    wakes.heard()
    wakes.drain()
    (tmp_path / "new").symlink_to("b/agent.yaml")
    (tmp_path / "new").rename(link)
    wakes.heard()
    wakes.drain()
    (tmp_path / "b" / "agent.yaml").write_text("edited")
    wakes.heard()
    close()


def test_a_symlink_that_leads_to_itself_for_a_while_ends_no_watch(tmp_path: Path) -> None:
    config = tmp_path / "agent.yaml"
    config.write_text("one")
    wakes = Wakes()
    close = watch_files([config], wakes)
    (tmp_path / "new").symlink_to("agent.yaml")
    (tmp_path / "new").rename(config)
    wakes.heard()
    wakes.drain()
    (tmp_path / "new").write_text("two")
    (tmp_path / "new").rename(config)
    wakes.heard()
    close()
