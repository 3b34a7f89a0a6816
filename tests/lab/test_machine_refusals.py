"""What machines say when they cannot do what was asked: in words, before anything is started."""

import os
from pathlib import Path

import pytest

from lab.errors import LabError
from lab.machines import machine
from lab.machines.__main__ import main
from lab.machines.image import image
from lab.machines.machine import Machine, remove
from lab.processes import Process, write_process


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(machine, "_STATE", tmp_path)
    return tmp_path


def test_a_release_that_is_not_known() -> None:
    with pytest.raises(LabError, match="no release 'woody': there are noble, bookworm, trixie, forky"):
        image("woody")


def test_a_machine_that_is_not_up(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "noble", "--", "true"]) == 1
    assert "start it with `python -m lab.machines up noble`" in capsys.readouterr().err


def test_without_root(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert main(["up", "noble"]) == 1
    assert "run this with sudo" in capsys.readouterr().err


def test_one_in_use_is_refused_and_what_a_crash_left_is_removed(elsewhere: Path) -> None:
    folder = elsewhere / "noble"
    folder.mkdir()
    me = Process.of(os.getpid())
    assert me is not None
    write_process(folder / "qemu.pid", me)
    for owner in ("null", f'{{"pid":{me.pid},"started":{me.started}}}'):
        (folder / "machine.json").write_text(f'{{"port":1,"image":"/no/image","owner":{owner}}}')
        with pytest.raises(LabError, match="up already"):
            machine._make_way(folder)
    assert Machine.attach("noble").port == 1
    write_process(folder / "qemu.pid", Process(me.pid, me.started + 1))  # that one is gone, its number is used again
    with pytest.raises(LabError, match="no machine noble is up"):
        Machine.attach("noble")
    machine._make_way(folder)
    assert not folder.exists()
    remove("noble")
