"""Roots of other releases: built once, whole or not at all. A script stands for mmdebstrap, which needs a mirror."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lab import LabError, releases
from lab.__main__ import main
from lab.processes import PATH

Program = Callable[[str], Path]
# The last two arguments are the folder to make and the mirror to make it from.
MAKES = """
for target; do folder=$mirror mirror=$target; done
mkdir -p "$folder/usr/sbin" "$folder/usr/bin" && : >"$folder/usr/sbin/iptables-nft" && echo "$@" >"$folder/told"
echo built >>"$(dirname "$0")/built"
"""


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    """Put a shell script in mmdebstrap's place; return the file in which it notes that it ran."""

    def put(script: str) -> Path:
        folder = tmp_path / "programs"
        folder.mkdir()
        (folder / "mmdebstrap").write_text(f"#!/bin/sh\n{script}")
        (folder / "mmdebstrap").chmod(0o755)
        monkeypatch.setattr(releases, "PATH", f"{folder}:{PATH}")
        monkeypatch.setattr(releases, "CACHE", tmp_path / "cache")
        return folder / "built"

    return put


def roots(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "cache").iterdir() if path.is_dir())


def test_a_root_is_built_once_however_many_want_it(program: Program, tmp_path: Path) -> None:
    built = program(MAKES)
    with ThreadPoolExecutor() as pool:
        found = set(pool.map(lambda _: releases.build("trixie"), range(4)))
    (root,) = found
    assert roots(tmp_path) == [root.name]
    assert built.read_text() == "built\n"
    assert (root / "usr/sbin/iptables").readlink() == Path("iptables-nft"), (
        "as its package's script would have linked it"
    )
    assert not (root / "usr/bin/awk").is_symlink(), "nothing to lead to"


def test_another_list_of_packages_is_another_root(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    program(MAKES)
    before = releases.build("trixie")
    monkeypatch.setattr(releases, "_PACKAGES", ("containerd", "vim"))
    after = releases.build("trixie")
    assert after != before
    assert "--include=containerd --include=vim trixie" in (after / "told").read_text()


def test_hosts_take_releases_in_turn(program: Program) -> None:
    program(MAKES)
    one, two, three = releases.roots(("trixie", "forky"), 3, lambda _: None)
    assert (Path(one).name.partition("-")[0], Path(two).name.partition("-")[0]) == ("trixie", "forky")
    assert three == one
    assert releases.roots((), 3, lambda _: None) == ()


def test_a_failure_names_its_cause_and_leaves_nothing(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(MAKES + "echo 'I: asking' >&2; echo 'E: Could not connect to mirror.example.com' >&2; exit 1")
    monkeypatch.setenv("TRIMTAB_LAB_MIRROR", "http://mirror.example.com/debian")
    with pytest.raises(LabError, match=r"built from http://mirror\.example\.com/debian: Could not connect .* reached"):
        releases.build("trixie")
    assert roots(tmp_path) == []


def test_what_a_build_that_was_ended_left_is_no_root(program: Program, tmp_path: Path) -> None:
    program(MAKES)
    (tmp_path / "cache" / f".{releases.build('trixie').name}.new" / "half").mkdir(parents=True)
    for path in (tmp_path / "cache").glob("trixie-*"):
        path.rename(tmp_path / "gone")
    assert not (releases.build("trixie") / "half").exists()


@pytest.mark.parametrize("name", ["", "../up", "Trixie", "--help", "trixie/updates"])
def test_names_that_no_release_has(name: str) -> None:
    with pytest.raises(LabError, match="use the name of a Debian release"):
        releases.build(name)


def test_the_command_line_tells_without_a_traceback(
    program: Program, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    program("exit 1")
    monkeypatch.setattr("lab.packages.check", lambda: None)
    assert main(["up", "--name", "nolab", "--release", "forky"]) == 1
    assert "the root of Debian forky could not be built" in capsys.readouterr().err
