"""Marks of volumes, and the scripts that make and remove them, run here in a folder of their own."""

import subprocess
from pathlib import Path

import msgspec
import pytest

from agent.hosts.files import claims
from agent.hosts.files.paths import UnsafePath
from agent.hosts.look import marks
from agent.model.volumes import VolumeMark, VolumeSeen

MARK = VolumeMark(path="/data/default_x_1a", agent="prod", namespace="default", claim="x", uid="1a", created=5.0)


def entry(mark: VolumeMark, there: str = "yes") -> str:
    return f"volume {there} {msgspec.json.encode(mark).decode()}"


def test_marks_are_read_back() -> None:
    assert marks.parse(["date 1", entry(MARK), entry(MARK, "no")]) == (
        VolumeSeen(mark=MARK, present=False),
        VolumeSeen(mark=MARK),
    )


@pytest.mark.parametrize(
    "written",
    [
        "volume yes {",
        "volume yes []",
        "volume yes",
        "volume yes \udcff",
        entry(msgspec.structs.replace(MARK, path="/etc")),
        entry(msgspec.structs.replace(MARK, path="/data/../default_x_1a")),
        entry(msgspec.structs.replace(MARK, path="/da ta/default_x_1a")),
        entry(msgspec.structs.replace(MARK, claim="other")),
    ],
)
def test_what_is_no_mark_of_ours_is_not_taken_for_one(written: str) -> None:
    assert marks.parse([written]) == ()


@pytest.mark.parametrize("path", ["/", "/etc", "/data/default_y_1a", "/data/../default_x_1a", "data/default_x_1a"])
def test_only_the_place_of_a_volume_is_written_or_removed(path: str) -> None:
    with pytest.raises(UnsafePath):
        claims._checked(msgspec.structs.replace(MARK, path=path))


class Ground:
    """A root with a volume, a folder of marks, and something next to them that nobody may touch."""

    def __init__(self, folder: Path) -> None:
        self.volume = folder / "root" / "default_x_1a"
        self.mark = folder / "marks" / "default_x_1a.json"
        self.text = msgspec.json.encode(msgspec.structs.replace(MARK, path=str(self.volume))).decode()
        self.precious = folder / "precious"
        self.precious.mkdir()
        (self.precious / "file").write_text("kept")

    def make(self, *, only: str = "no") -> "subprocess.CompletedProcess[str]":
        return _run(claims._MAKE, str(self.volume), str(self.mark), self.text, only)

    def remove(self) -> "subprocess.CompletedProcess[str]":
        ours = self.text[: self.text.index('"uid":')] + '"uid":"1a"'
        return _run(claims._REMOVE, str(self.volume), str(self.mark), ours)

    def found(self) -> tuple[VolumeSeen, ...]:
        script = f"volumes=$1\n{marks.SCRIPT}"
        return marks.parse(_run(script, str(self.mark.parent)).stdout.split("\0"))


def _run(script: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(["sh", "-c", script, "sh", *arguments], capture_output=True, text=True, check=False)


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    return Ground(tmp_path)


def test_a_volume_is_made_seen_and_removed(ground: Ground) -> None:
    assert ground.found() == ()
    assert ground.make().returncode == 0
    assert ground.volume.stat().st_mode & 0o777 == 0o777
    (ground.volume / "file").write_text("data")
    assert ground.make().returncode == 0
    assert (ground.volume / "file").read_text() == "data"
    assert [(one.mark.claim, one.present) for one in ground.found()] == [("x", True)]
    assert ground.remove().returncode == 0
    assert (ground.volume.exists(), ground.mark.exists(), ground.found()) == (False, False, ())
    assert ground.remove().returncode == 0


def test_a_folder_that_is_missing_is_seen_and_not_made_again(ground: Ground) -> None:
    ground.make()
    ground.volume.rmdir()
    assert [one.present for one in ground.found()] == [False]
    done = ground.make(only="yes")
    assert (done.returncode, ground.volume.exists()) == (1, False)
    assert "is its disk mounted?" in done.stderr


def test_nothing_is_removed_without_our_mark(ground: Ground) -> None:
    ground.make()
    ground.mark.unlink()
    assert ground.remove().returncode == 1
    ground.mark.write_text(ground.text.replace('"agent":"prod"', '"agent":"other"') + "\n")
    assert "somebody else's" in ground.remove().stderr
    assert ground.volume.is_dir()


def test_links_lead_nowhere(ground: Ground) -> None:
    ground.make()
    (ground.volume / "inside").symlink_to(ground.precious)
    assert ground.remove().returncode == 0
    assert (ground.precious / "file").read_text() == "kept"
    ground.make()
    ground.volume.rmdir()
    ground.volume.symlink_to(ground.precious)
    assert [one.present for one in ground.found()] == [False]
    assert ground.remove().returncode == 1
    assert ground.make().returncode == 1
    assert (ground.precious / "file").read_text() == "kept"
