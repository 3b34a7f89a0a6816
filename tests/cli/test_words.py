"""Words for the agent: root may leave them in a folder of somebody else's."""

import os
from pathlib import Path

import pytest

from agent.cli.running import words
from agent.ports import Permanent

AGENT_USER = 4711 if os.getuid() == 0 else os.getuid()


def heard(state_dir: Path) -> list[bytes]:
    return [word.said for word in words.left(state_dir, "approve", most=100)]


def test_what_root_says_belongs_to_the_agent(tmp_path: Path) -> None:
    os.chown(tmp_path, AGENT_USER, AGENT_USER)
    words.leave(tmp_path, "approve", b"earlier")
    words.leave(tmp_path, "approve", b"abc")
    (left,) = (tmp_path / "words").iterdir()
    for path, mode in ((left, 0o600), (left.parent, 0o700)):
        state = path.stat()
        assert (state.st_uid, state.st_gid, state.st_mode & 0o777) == (AGENT_USER, AGENT_USER, mode)
    assert heard(tmp_path) == [b"abc"]


def test_a_link_gives_no_folder_of_the_machine_away(tmp_path: Path) -> None:
    state_dir, machine = tmp_path / "state", tmp_path / "etc"
    state_dir.mkdir()
    machine.mkdir()
    os.chown(state_dir, AGENT_USER, AGENT_USER)
    (state_dir / "words").symlink_to(machine)
    with pytest.raises(Permanent, match=r"could not make the folder .*/words: Not a directory"):
        words.leave(state_dir, "approve", b"abc")
    assert (machine.stat().st_uid, list(machine.iterdir())) == (os.getuid(), [])
