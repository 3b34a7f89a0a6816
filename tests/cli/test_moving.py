"""How the agent hears which pods are to be moved."""

import os
from pathlib import Path

import pytest

from agent.cli.running.moving import NAME, leave_moves, moves_left
from agent.cli.running.words import folder_of
from agent.ports import Permanent

FIRST, SECOND = {"default/web-0": "edge-1"}, {"default/web-1": "edge-2"}


def test_what_is_asked_is_kept_until_it_is_dropped(tmp_path: Path) -> None:
    leave_moves(tmp_path, FIRST)
    assert [moves for moves, _ in moves_left(tmp_path)] == [FIRST], "the agent dies before it could save that"
    leave_moves(tmp_path, SECOND)
    heard = list(moves_left(tmp_path))
    assert [moves for moves, _ in heard] == [FIRST, SECOND]
    leave_moves(tmp_path, FIRST)
    for _, drop in heard:
        drop()
    [(moves, drop)] = moves_left(tmp_path)
    assert moves == FIRST, "what came later did not go with what was dropped"
    drop()
    assert list(folder_of(tmp_path).iterdir()) == []


@pytest.mark.parametrize("written", ["", "[1]", '{"default/web-0": 3}', "\x00", '{"a": "b"'])
def test_what_cannot_be_read_asks_for_nothing_and_is_not_read_again(tmp_path: Path, written: str) -> None:
    (folder_of(tmp_path) / NAME).write_text(written)
    assert list(moves_left(tmp_path)) == []
    assert list(folder_of(tmp_path).iterdir()) == []


def test_what_root_leaves_belongs_to_whom_the_state_directory_does(tmp_path: Path) -> None:
    os.chown(tmp_path, 65534, 65534)
    leave_moves(tmp_path, FIRST)
    folder = tmp_path / "words"
    assert {(one.stat().st_uid, one.stat().st_mode & 0o077) for one in (folder, folder / NAME)} == {(65534, 0)}


def test_who_may_not_write_there_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(Permanent, match="could not make the folder"):
        leave_moves(tmp_path / "nowhere", FIRST)
