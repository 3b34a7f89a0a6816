"""Which files are manifests: by name, by .trimtabignore, and never a symbolic link."""

import pytest

from agent.manifests import Cache, load
from agent.model.origin import Blob
from tests.manifests.repo import HOST, REVISION, load_files

BAD = "not a manifest"


def bad_files(files: dict[str, str]) -> list[str]:
    """Which of the files with a fault are looked at."""
    return sorted({problem.location.file for problem in load_files({"hosts.yaml": HOST, **files}).problems})


@pytest.mark.parametrize(
    ("ignore", "seen"),
    [
        ("", ["apps/a.yaml", "apps/values/b.yaml", "c.yml", "d.json"]),
        ("# comment\n\n*.yml\n", ["apps/a.yaml", "apps/values/b.yaml", "d.json"]),
        ("values/\n", ["apps/a.yaml", "c.yml", "d.json"]),
        ("/values/\n", ["apps/a.yaml", "apps/values/b.yaml", "c.yml", "d.json"]),
        ("apps/**\n!apps/a.yaml\n/c.yml\n/d.json\n", ["apps/a.yaml"]),
        ("apps/*.yaml\n", ["apps/values/b.yaml", "c.yml", "d.json"]),
    ],
)
def test_ignore_file(ignore: str, seen: list[str]) -> None:
    files = {"apps/a.yaml": BAD, "apps/values/b.yaml": BAD, "c.yml": BAD, "d.json": BAD}
    assert bad_files({**files, ".trimtabignore": ignore}) == seen


def test_an_ignore_file_speaks_for_its_folder_and_wins_over_those_above() -> None:
    files = {"a/x.yaml": BAD, "a/y.yaml": BAD, "b/x.yaml": BAD, ".trimtabignore": "y.yaml\n"}
    assert bad_files({**files, "a/.trimtabignore": "/x.yaml\n!y.yaml\n"}) == ["a/y.yaml", "b/x.yaml"]


@pytest.mark.parametrize(
    ("ignore", "problem"),
    [
        ("a\n!\n", ".trimtabignore:2:1: this is not a pattern of git's ignore syntax"),
        ("[z-a]\n", ".trimtabignore:1:1: this is not a pattern of git's ignore syntax"),
        ("[[:alpha:]]\n", ".trimtabignore:1:1: sets within sets are not supported, write characters out as in `[a-z]`"),
        ("[a--z]\n", ".trimtabignore:1:1: sets within sets are not supported, write characters out as in `[a-z]`"),
        ("*a*a*a*a*a*a*b\n", ".trimtabignore:1:1: the pattern has more than 4 wildcards"),
        ("a\n" * 1001, ".trimtabignore:1001:1: the file has more than 1000 lines"),
        ("a" * 70_000, ".trimtabignore:1:1: the file has 70000 bytes, the limit is 65536"),
        (b"\xff\n", ".trimtabignore:1:1: the file is not UTF-8"),
    ],
)
def test_bad_ignore_file(ignore: str | bytes, problem: str) -> None:
    found = load_files({"hosts.yaml": HOST, ".trimtabignore": ignore}).problems
    assert [f"{p.location}: {p.message}" for p in found] == [problem]
    assert {p.rule for p in found} == {"bad-ignore-file"}


def test_symbolic_links_are_refused_unread_unless_ignored() -> None:
    blobs = [
        Blob(path="apps", id="1", size=20, symlink=True),
        Blob(path="ignored.yaml", id="2", size=20, symlink=True),
        Blob(path="outside.yaml", id="3", size=20, symlink=True),
        Blob(path=".trimtabignore", id="4", size=13),
    ]
    loaded = load(REVISION, blobs, lambda wanted: {blob.id: b"ignored.yaml\n" for blob in wanted}, Cache())
    assert [(p.location.file, p.rule) for p in loaded.problems] == [("apps", "symlink"), ("outside.yaml", "symlink")]
