"""How the agent hears which pods are to be moved."""

from pathlib import Path

import pytest

from agent.cli.moving import NAME, leave_moves, take_moves
from agent.ports import Permanent


def test_what_is_asked_is_read_once(tmp_path: Path) -> None:
    leave_moves(tmp_path, {"default/web-0": "edge-1"})
    assert take_moves(tmp_path) == {"default/web-0": "edge-1"}
    assert take_moves(tmp_path) == {}


@pytest.mark.parametrize("written", ["", "[1]", '{"default/web-0": 3}', "\x00", '{"a": "b"'])
def test_what_cannot_be_read_asks_for_nothing_and_is_not_read_again(tmp_path: Path, written: str) -> None:
    (tmp_path / NAME).write_text(written)
    assert take_moves(tmp_path) == {}
    assert list(tmp_path.iterdir()) == []


def test_who_may_not_write_there_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(Permanent, match="cannot leave word in"):
        leave_moves(tmp_path / "nowhere", {"default/web-0": "edge-1"})
