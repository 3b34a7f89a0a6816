from pathlib import Path

from tests.source.repo import commit, git, new_repository, source


def test_every_commit_names_the_files_that_it_changed(tmp_path: Path) -> None:
    work = new_repository(tmp_path / "fleet")
    first = commit(work, {"apps/a.yaml": "1", "other/x": "1"}, "First\x01 one", at=1_600_000_000)
    commit(work, {"other/x": "2"}, "Elsewhere")
    git(work, "mv", "apps/a.yaml", "apps/b.yaml")
    moved = commit(work, {"apps/tab\there.yaml": "2"}, "Moved")
    git(work, "checkout", "--quiet", "-b", "side")
    commit(work, {"apps/b.yaml": "3"}, "On the side")
    git(work, "checkout", "--quiet", "main")
    commit(work, {"other/x": "3"}, "Meanwhile")
    git(work, "merge", "--quiet", "--no-edit", "side")
    merged = git(work, "rev-parse", "HEAD")
    from_ = source(work, tmp_path, path="apps")
    found = from_.history(from_.resolve())
    assert [one.revision.id for one in found] == [merged, moved, first]
    assert [[change.path for change in one.changed] for one in found] == [
        ["apps/b.yaml"],
        ["apps/a.yaml", "apps/b.yaml", "apps/tab\there.yaml"],
        ["apps/a.yaml"],
    ]
    gone, came, _ = found[1].changed
    assert (gone.before and gone.before.id, gone.after) == (git(work, "rev-parse", f"{first}:apps/a.yaml"), None)
    assert (came.before, came.after and came.after.id) == (None, gone.before and gone.before.id)
    assert (found[2].revision.author, found[2].revision.at) == ("Ada Lovelace", 1_600_000_000.0)
    assert found[2].revision.subject.startswith("First")
