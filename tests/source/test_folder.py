import os
from pathlib import Path

import pytest

from agent.model.origin import Location, Revision
from agent.ports import Permanent, Temporary
from agent.source import FolderSource
from tests.source.repo import commit, git, new_repository


@pytest.fixture
def work(tmp_path: Path) -> Path:
    return new_repository(tmp_path / "fleet")


REVISION = Revision(id="worktree")


def test_the_folder_counts_as_it_lies_there_with_gits_ids(work: Path) -> None:
    commit(work, {"apps/a.yaml": "committed\n", "b.yaml": "gone", ".gitignore": "ignored.yaml\n"})
    (work / "b.yaml").unlink()
    (work / "ignored.yaml").write_text("ignored by git, not by us")
    (work / "apps" / "link.yaml").symlink_to("../../etc")
    os.mkfifo(work / "pipe.yaml")
    folder = FolderSource(work)
    assert folder.resolve().id == "worktree"
    blobs = folder.tree(REVISION)
    assert [(blob.path, blob.symlink) for blob in blobs] == [
        (".gitignore", False),
        ("apps/a.yaml", False),
        ("apps/link.yaml", True),
        ("ignored.yaml", False),
    ]
    assert blobs[1].id == git(work, "rev-parse", "HEAD:apps/a.yaml")
    contents = folder.read(REVISION, blobs)
    assert contents[blobs[1].id] == b"committed\n"
    assert contents[blobs[2].id] == b"../../etc"


def test_an_edit_shows_and_what_did_not_change_is_not_read_again(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit(work, {f"{number}.yaml": str(number) for number in range(5)})
    folder = FolderSource(work)
    before = folder.tree(REVISION)
    (work / "3.yaml").write_text("edited")
    read: list[str] = []
    content = FolderSource._content

    def noted(self: FolderSource, path: str) -> bytes:
        read.append(path)
        return content(self, path)

    monkeypatch.setattr(FolderSource, "_content", noted)
    after = folder.tree(REVISION)
    assert read == ["3.yaml"]
    assert [old.path for old, new in zip(before, after, strict=True) if old != new] == ["3.yaml"]
    assert folder.read(REVISION, [after[3]]) == {after[3].id: b"edited"}


def test_a_file_that_changes_meanwhile_is_not_taken_for_what_it_was(work: Path) -> None:
    (work / "a.yaml").write_text("one")
    folder = FolderSource(work)
    blobs = folder.tree(REVISION)
    (work / "a.yaml").write_text("two")
    with pytest.raises(Temporary, match=r"a\.yaml changed while it was read"):
        folder.read(REVISION, blobs)
    (work / "a.yaml").unlink()
    with pytest.raises(Temporary, match=r"a\.yaml went away"):
        folder.read(REVISION, blobs)


def test_a_large_file_is_listed_but_not_read(work: Path) -> None:
    with (work / "disk.img").open("wb") as image:
        image.truncate(1 << 40)
    (blob,) = FolderSource(work).tree(REVISION)
    assert (blob.path, blob.size) == ("disk.img", 1 << 40)


def test_a_folder_needs_no_git(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("x")
    folder = FolderSource(tmp_path)
    folder.fetch()
    assert [blob.path for blob in folder.tree(REVISION)] == ["a.yaml"]
    assert folder.blame(REVISION, Location(file="a.yaml")) is None


def test_blame_knows_committed_lines_from_edited_ones(work: Path) -> None:
    first = commit(work, {"apps/a.yaml": "one\ntwo\n"}, "First")
    (work / "apps" / "a.yaml").write_text("one\nedited\n")
    (work / "new.yaml").write_text("new\n")
    folder = FolderSource(work / "apps")
    blame = folder.blame(REVISION, Location(file="a.yaml", line=1))
    assert blame is not None
    assert (blame.revision, blame.subject) == (first, "First")
    assert folder.blame(REVISION, Location(file="a.yaml", line=2)) is None
    assert FolderSource(work).blame(REVISION, Location(file="new.yaml", line=1)) is None


def test_what_is_no_folder_is_explained(tmp_path: Path) -> None:
    for path in (tmp_path / "none", __file__):
        with pytest.raises(Permanent, match="is not a folder"):
            FolderSource(path)
    with pytest.raises(Permanent, match="as it lies there"):
        FolderSource(tmp_path).resolve("main")
