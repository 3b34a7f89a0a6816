"""What the lab says when it cannot do what was asked: in words, before anything is started."""

import signal
import subprocess
import tempfile
from collections.abc import Iterator

import pytest

from lab import Lab, LabError, packages
from lab.__main__ import main
from lab.network import Subnet, link_name, pod_ranges
from lab.processes import Process
from lab.state import Record, known_labs, load, paths_for, save


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A lab folder of the test's own; short, since sockets live below it."""
    with tempfile.TemporaryDirectory(prefix="lab") as folder:
        monkeypatch.setenv("TRIMTAB_LAB_DIR", folder)
        yield


@pytest.mark.parametrize("name", ["", "Big", "has-dash", "9first", "ninechars", "../up"])
def test_names_that_cannot_become_link_names(name: str) -> None:
    with pytest.raises(LabError, match="1 to 8 lower-case letters and digits"):
        paths_for(name)


def test_the_longest_name_fits_a_link() -> None:
    assert len(link_name("eight888")) <= 15


def test_a_folder_too_long_for_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIMTAB_LAB_DIR", "/tmp/" + "long/" * 12)
    with pytest.raises(LabError, match="choose a shorter TRIMTAB_LAB_DIR"):
        paths_for("tt")


def test_missing_packages_are_named_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr(packages, "PATH", "/nowhere")
    monkeypatch.setattr(packages, "_FILES", {"/nowhere/bridge": "containernetworking-plugins"})
    with pytest.raises(LabError, match=r"apt-get install containerd containernetworking-plugins .*openssh-server"):
        packages.check()


def test_without_root(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert main(["up"]) == 1
    assert "needs root: run it with sudo" in capsys.readouterr().err


def test_a_lab_that_is_not_up(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cut", "--name", "nolab", "h1"]) == 1
    assert "no lab nolab is up: start it with `python -m lab up --name nolab`" in capsys.readouterr().err


def test_too_many_hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "check", lambda: None)
    with pytest.raises(LabError, match="1 to 200 hosts, not 201"):
        Lab.up(hosts=201, name="nolab")


@pytest.mark.usefixtures("elsewhere")
def test_a_record_is_read_as_it_was_written() -> None:
    paths = paths_for("rec")
    record = Record("rec", ("h1", "h2"), 7, complete=False, owner=Process(1, 2), pod_routes=True)
    save(paths, record)
    assert load(paths) == record
    assert "rec" in known_labs()
    paths.record.write_text("{half")
    with pytest.raises(LabError, match="is damaged"):
        load(paths)


def test_a_process_is_known_by_its_start_time_too() -> None:
    with subprocess.Popen(["sleep", "60"]) as child:
        process = Process.of(child.pid)
        assert process is not None
        assert process.alive
        impostor = Process(process.pid, process.started + 1)
        assert not impostor.alive
        impostor.end()
        assert child.poll() is None
        process.end()
    assert child.returncode == -signal.SIGKILL
    assert not process.alive


def test_addresses_of_labs_and_hosts_do_not_meet() -> None:
    assert not Subnet(0).v4.overlaps(Subnet(1).v4)
    assert not Subnet(0).v6.overlaps(Subnet(1).v6)
    assert pod_ranges(1) != pod_ranges(2)
