"""How the agent hears which pods are to be moved."""

from pathlib import Path

import pytest

from agent.cli.moving import NAME, leave_moves, moves_left
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
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("written", ["", "[1]", '{"default/web-0": 3}', "\x00", '{"a": "b"'])
def test_what_cannot_be_read_asks_for_nothing_and_is_not_read_again(tmp_path: Path, written: str) -> None:
    (tmp_path / NAME).write_text(written)
    assert list(moves_left(tmp_path)) == []
    assert list(tmp_path.iterdir()) == []


def test_who_may_not_write_there_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(Permanent, match="cannot leave word in"):
        leave_moves(tmp_path / "nowhere", FIRST)
