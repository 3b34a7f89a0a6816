"""Whole repositories with faults, and what a person reads about them: golden/NAME/ and golden/NAME.txt."""

from pathlib import Path

import pytest

from agent.manifests.report import render_summary, render_text
from tests.manifests.repo import load_files

GOLDEN = Path(__file__).with_name("golden")
CASES = sorted(path.name for path in GOLDEN.iterdir() if path.is_dir())


@pytest.mark.parametrize("case", CASES)
def test_report(case: str) -> None:
    folder = GOLDEN / case
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    loaded = load_files(files)
    assert loaded.fleet is None
    report = f"{render_text(loaded.problems)}\n{render_summary(loaded)}\n"
    assert report == (GOLDEN / f"{case}.txt").read_text()
    assert "hunter2" not in report
